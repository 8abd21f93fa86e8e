-- The names that a tenant uses (spec 15.4): those of its promotions, and those that were imported or seen in carts. Names
-- of stores and settings are read where they are. No table of these says whose cart a name was in.
--
-- The version that served before writes promotions and no names. So a promotion says of which of its versions it has the
-- names here: whoever asks for names first adds those of the promotions that have moved on. This is also how promotions
-- from before this migration get theirs.

alter table promotion add column named_version bigint;
create index promotion_unnamed on promotion (tenant_id, promotion_id) where named_version is distinct from version;

create table promotion_name (
    tenant_id uuid not null,
    field text collate "C" not null,
    value text collate "C" not null,
    -- The key of an attribute or of a variant's value, else empty.
    key text collate "C" not null,
    promotion_id uuid not null,
    -- The value in lower case, by the service: what the database's lower() does depends on its locale.
    folded text collate "C" not null,
    constraint promotion_name_pkey primary key (tenant_id, field, value, key, promotion_id),
    constraint promotion_name_promotion_fkey foreign key (tenant_id, promotion_id)
        references promotion (tenant_id, promotion_id)
);

create index promotion_name_by_promotion on promotion_name (tenant_id, promotion_id);
create index promotion_name_folded on promotion_name (tenant_id, field, folded);

create table vocabulary (
    tenant_id uuid not null,
    field text collate "C" not null,
    value text collate "C" not null,
    key text collate "C" not null,
    folded text collate "C" not null,
    title text collate "C",
    -- The title in lower case; empty without a title.
    title_folded text collate "C" not null,
    source text collate "C" not null,
    last_seen timestamptz not null,
    constraint vocabulary_pkey primary key (tenant_id, field, value, key),
    constraint vocabulary_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint vocabulary_source_check check (source in ('redemptions', 'import'))
);

create index vocabulary_folded on vocabulary (tenant_id, field, folded);
-- Those not seen for longest make room.
create index vocabulary_by_age on vocabulary (tenant_id, field, last_seen);

-- When names of the tenant were last forgotten. Instances remember for an hour which names they have noted; they begin anew
-- when this moves.
alter table tenant add column names_forgotten_at timestamptz;
grant update (names_forgotten_at) on tenant to promotion_engine_service;

do $$
declare
    table_name text;
begin
    foreach table_name in array array['promotion_name', 'vocabulary'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format(
            'create policy of_the_tenant on %I to promotion_engine_service
                using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)
                with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)',
            table_name);
    end loop;
end
$$;

grant select, insert, delete on promotion_name to promotion_engine_service;
grant select, insert, update (title, title_folded, source, last_seen), delete on vocabulary to promotion_engine_service;
