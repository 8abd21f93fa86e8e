-- What one merchant has: its keys, settings, stores, product lists, promotions, codes and audit trail.
--
-- Every table is led by tenant_id, in its primary key, its unique keys and its foreign keys, so that no key can
-- tell one tenant what another one has. Row-level security is forced on every table. The roles are made before
-- this file runs (src/db/migrate.rs): the service role sees the rows of `app.tenant`, which a transaction sets;
-- the operator role sees the table `tenant` and nothing else.
--
-- Text that is sorted or compared is collated "C": the order of a list does not depend on the cluster's locale.

do $$
begin
    -- Before PostgreSQL 15 everybody may create tables here. An owner who may not take that back is no reason to stop.
    revoke create on schema public from public;
exception when insufficient_privilege then
    null;
end
$$;

grant usage on schema public to promotion_engine_service, promotion_engine_operator;
-- Readiness asks which migrations have run.
grant select on _sqlx_migrations to promotion_engine_service;

create table tenant (
    tenant_id uuid not null,
    name text collate "C" not null,
    currency text collate "C" not null,
    timezone text collate "C" not null,
    suspended boolean not null default false,
    max_active_promotions integer not null default 250,
    -- Grow in the transaction of each change; caches compare them.
    rules_version bigint not null default 1,
    keys_version bigint not null default 1,
    created_at timestamptz not null default now(),
    constraint tenant_pkey primary key (tenant_id),
    constraint tenant_max_active_promotions_check check (max_active_promotions >= 0)
);

create table api_key (
    tenant_id uuid not null,
    key_id uuid not null,
    role text collate "C" not null,
    label text not null,
    hash bytea not null,
    hint text collate "C" not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_key_pkey primary key (tenant_id, key_id),
    constraint api_key_hash_key unique (tenant_id, hash),
    constraint api_key_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint api_key_role_check check (role in ('admin', 'pos', 'issuer', 'viewer')),
    constraint api_key_hash_check check (octet_length(hash) = 32),
    constraint api_key_hint_check check (char_length(hint) = 3)
);

create table settings (
    tenant_id uuid not null,
    version bigint not null default 1,
    document jsonb not null,
    updated_at timestamptz not null default now(),
    constraint settings_pkey primary key (tenant_id),
    constraint settings_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);

create table store (
    tenant_id uuid not null,
    code text collate "C" not null,
    concept text collate "C" not null,
    zones text[] collate "C" not null,
    timezone text collate "C",
    updated_at timestamptz not null default now(),
    constraint store_pkey primary key (tenant_id, code),
    constraint store_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);

create table product_list (
    tenant_id uuid not null,
    name text collate "C" not null,
    skus text[] collate "C" not null,
    -- Kept beside the SKUs, so that a list of lists does not read megabytes.
    size integer not null generated always as (cardinality(skus)) stored,
    updated_at timestamptz not null default now(),
    constraint product_list_pkey primary key (tenant_id, name),
    constraint product_list_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);

create table promotion (
    tenant_id uuid not null,
    promotion_id uuid not null,
    name text collate "C" not null,
    -- The name in lower case, by the service: what the database's lower() does depends on its locale.
    name_folded text collate "C" not null,
    type text collate "C" not null,
    status text collate "C" not null,
    campaign text collate "C",
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    version bigint not null default 1,
    document jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint promotion_pkey primary key (tenant_id, promotion_id),
    constraint promotion_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint promotion_type_check check (type in ('pos', 'loyalty', 'loyalty_earning', 'rewards', 'code_linked')),
    constraint promotion_status_check check (status in ('draft', 'active', 'paused', 'archived')),
    constraint promotion_dates_check check (ends_at > starts_at)
);

create unique index promotion_name_key on promotion (tenant_id, name) where status <> 'archived';
create index promotion_newest_first on promotion (tenant_id, created_at desc, promotion_id desc);
-- What the rule cache loads and what the limit of active promotions counts.
create index promotion_in_force on promotion (tenant_id, ends_at) where status in ('active', 'paused');

-- The history. `change` counts every entry of a promotion; dates and status stand beside the document, so that
-- "was it ever live" is a question to the database.
create table promotion_version (
    tenant_id uuid not null,
    promotion_id uuid not null,
    change integer not null,
    version bigint not null,
    key_id uuid,
    at timestamptz not null default now(),
    status text collate "C" not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    document jsonb not null,
    constraint promotion_version_pkey primary key (tenant_id, promotion_id, change),
    constraint promotion_version_promotion_fkey foreign key (tenant_id, promotion_id)
        references promotion (tenant_id, promotion_id),
    constraint promotion_version_key_fkey foreign key (tenant_id, key_id) references api_key (tenant_id, key_id)
);

-- Which lists a promotion or the settings name: a list in use cannot be deleted.
create table promotion_product_list (
    tenant_id uuid not null,
    promotion_id uuid not null,
    list_name text collate "C" not null,
    constraint promotion_product_list_pkey primary key (tenant_id, promotion_id, list_name),
    constraint promotion_product_list_promotion_fkey foreign key (tenant_id, promotion_id)
        references promotion (tenant_id, promotion_id),
    constraint promotion_product_list_list_fkey foreign key (tenant_id, list_name)
        references product_list (tenant_id, name)
);

create index promotion_product_list_by_list on promotion_product_list (tenant_id, list_name);

create table settings_product_list (
    tenant_id uuid not null,
    list_name text collate "C" not null,
    constraint settings_product_list_pkey primary key (tenant_id, list_name),
    constraint settings_product_list_settings_fkey foreign key (tenant_id) references settings (tenant_id),
    constraint settings_product_list_list_fkey foreign key (tenant_id, list_name)
        references product_list (tenant_id, name)
);

create table code (
    tenant_id uuid not null,
    -- The code in upper case: codes are compared without regard to case.
    code_key text collate "C" not null,
    code_id uuid not null,
    promotion_id uuid not null,
    code text collate "C" not null,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    constraint code_pkey primary key (tenant_id, code_key),
    constraint code_id_key unique (tenant_id, code_id),
    constraint code_promotion_fkey foreign key (tenant_id, promotion_id) references promotion (tenant_id, promotion_id)
);

create index code_by_promotion on code (tenant_id, promotion_id, code_key);

create table audit (
    tenant_id uuid not null,
    audit_id uuid not null,
    at timestamptz not null default now(),
    -- Null for the operator, who has no key in the tenant.
    key_id uuid,
    subject text collate "C" not null,
    action text collate "C" not null,
    before jsonb,
    after jsonb,
    constraint audit_pkey primary key (tenant_id, audit_id),
    constraint audit_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint audit_key_fkey foreign key (tenant_id, key_id) references api_key (tenant_id, key_id)
);

create index audit_newest_first on audit (tenant_id, at desc, audit_id desc);
create index audit_by_subject on audit (tenant_id, subject, at desc, audit_id desc);

-- The service role: its tenant's rows, and on each table no more than the service does there.
do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'tenant', 'api_key', 'settings', 'store', 'product_list', 'promotion', 'promotion_version',
        'promotion_product_list', 'settings_product_list', 'code', 'audit'
    ] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        -- After a transaction that had set it, app.tenant is the empty string and not null.
        execute format(
            'create policy of_the_tenant on %I to promotion_engine_service
                using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)
                with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)',
            table_name);
    end loop;
end
$$;

create policy of_the_operator on tenant to promotion_engine_operator using (true) with check (true);

grant select, update (currency, timezone, rules_version, keys_version) on tenant to promotion_engine_service;
grant select, insert, update (revoked_at, last_used_at) on api_key to promotion_engine_service;
grant select, insert, update on settings to promotion_engine_service;
grant select, insert, update, delete on store, product_list, code to promotion_engine_service;
grant select, insert, update on promotion to promotion_engine_service;
grant select, insert, delete on promotion_product_list, settings_product_list to promotion_engine_service;
grant select, insert on promotion_version, audit to promotion_engine_service;

grant select, insert, update on tenant to promotion_engine_operator;
