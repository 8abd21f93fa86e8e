-- Promotions in customers' hands: issuances, what unlocks them, and milestones (spec 11).
--
-- What one issuance was used for counts in `limit_counter`, like every other limit; here stands what happened to it.
-- Rows do not refer to promotions and milestones by foreign keys: each such key would lock one parent row for all
-- customers.

-- How often a promotion was issued to a customer and unlocked by it, for good. Its row is locked by whatever issues,
-- unlocks or claims, so that two of them do not both find room; in the order of the primary key, always.
create table customer_promotion (
    tenant_id uuid not null,
    promotion_id uuid not null,
    customer_id text collate "C" not null,
    issued integer not null default 0,
    unlocked integer not null default 0,
    constraint customer_promotion_pkey primary key (tenant_id, promotion_id, customer_id),
    constraint customer_promotion_check check (issued >= 0 and unlocked >= 0)
) with (fillfactor = 80);

create index customer_promotion_by_customer on customer_promotion (tenant_id, customer_id);

create table issuance (
    tenant_id uuid not null,
    issuance_id uuid not null,
    promotion_id uuid not null,
    customer_id text collate "C" not null,
    -- How it came about: issued by the caller, or made by an activity, a milestone or the customer's own claim.
    source text collate "C" not null,
    -- The caller's id of that: of the issue, or of the activity.
    source_id text collate "C",
    issued_at timestamptz not null,
    unlocked_at timestamptz,
    -- The transaction whose activity unlocked it: it cannot be used in that one.
    unlocked_in text collate "C",
    activated_at timestamptz,
    -- From unlocking on; the promotion's end bounds it besides. Null: as long as the promotion.
    use_until timestamptz,
    revoked_at timestamptz,
    constraint issuance_pkey primary key (tenant_id, issuance_id),
    constraint issuance_source_check check (source in ('manual', 'activity', 'milestone', 'activation')),
    constraint issuance_unlocked_check check (unlocked_at is not null
        or (activated_at is null and use_until is null and unlocked_in is null))
) with (fillfactor = 90);

-- The last line behind the lock on the customer's row.
create unique index issuance_source_key on issuance (tenant_id, promotion_id, customer_id, source, source_id);
create unique index issuance_activation_key on issuance (tenant_id, promotion_id, customer_id)
    where source = 'activation';
-- Those that could be used, and those that wait to be unlocked.
create index issuance_usable on issuance (tenant_id, customer_id, promotion_id, unlocked_at, issuance_id)
    where unlocked_at is not null and revoked_at is null;
create index issuance_waiting on issuance (tenant_id, customer_id, promotion_id, issued_at, issuance_id)
    where unlocked_at is null and revoked_at is null;
create index issuance_newest_first on issuance (tenant_id, issued_at desc, issuance_id desc);
create index issuance_by_customer on issuance (tenant_id, customer_id, issued_at desc, issuance_id desc);
create index issuance_by_promotion on issuance (tenant_id, promotion_id, issued_at desc, issuance_id desc);

-- What customers did, by the caller's id: the same again is answered as before.
create table activity (
    tenant_id uuid not null,
    activity_id text collate "C" not null,
    -- SHA-256 of the body as it was understood.
    body_hash bytea not null,
    type text collate "C" not null,
    customer_id text collate "C" not null,
    transaction_id text collate "C",
    at timestamptz not null,
    received_at timestamptz not null,
    -- A text, not a document: what is answered again is the same byte by byte. Written last.
    answer text not null,
    constraint activity_pkey primary key (tenant_id, activity_id),
    constraint activity_type_check check (type in ('transaction', 'registration', 'profile_update')),
    constraint activity_hash_check check (octet_length(body_hash) = 32)
);

create index activity_by_customer on activity (tenant_id, customer_id, at desc);

create table milestone (
    tenant_id uuid not null,
    milestone_id uuid not null,
    name text collate "C" not null,
    document jsonb not null,
    -- Windows are counted from the one in which it was made.
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint milestone_pkey primary key (tenant_id, milestone_id),
    constraint milestone_name_key unique (tenant_id, name),
    constraint milestone_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);

-- Which lists a milestone names: a list in use cannot be deleted.
create table milestone_product_list (
    tenant_id uuid not null,
    milestone_id uuid not null,
    list_name text collate "C" not null,
    constraint milestone_product_list_pkey primary key (tenant_id, milestone_id, list_name),
    constraint milestone_product_list_milestone_fkey foreign key (tenant_id, milestone_id)
        references milestone (tenant_id, milestone_id),
    constraint milestone_product_list_list_fkey foreign key (tenant_id, list_name)
        references product_list (tenant_id, name)
);

create index milestone_product_list_by_list on milestone_product_list (tenant_id, list_name);

-- How far a customer has come in a window. Locked in the order of the primary key, always.
create table milestone_progress (
    tenant_id uuid not null,
    milestone_id uuid not null,
    customer_id text collate "C" not null,
    window_no integer not null,
    progress numeric not null,
    constraint milestone_progress_pkey primary key (tenant_id, milestone_id, customer_id, window_no),
    constraint milestone_progress_check check (progress >= 0)
) with (fillfactor = 80);

create index milestone_progress_by_customer on milestone_progress (tenant_id, customer_id);

-- What one activity moved, so that a return of its transaction can lower it.
create table milestone_step (
    tenant_id uuid not null,
    milestone_id uuid not null,
    activity_id text collate "C" not null,
    customer_id text collate "C" not null,
    window_no integer not null,
    transaction_id text collate "C",
    amount numeric not null,
    -- How much of it came back.
    lowered numeric not null default 0,
    -- What of each line counted, for returns: JSON.
    lines text not null,
    constraint milestone_step_pkey primary key (tenant_id, milestone_id, activity_id),
    constraint milestone_step_check check (amount >= 0 and lowered >= 0 and lowered <= amount)
);

create index milestone_step_by_transaction on milestone_step (tenant_id, transaction_id, milestone_id)
    where transaction_id is not null;

-- The targets that were reached: each once a window.
create table milestone_target (
    tenant_id uuid not null,
    milestone_id uuid not null,
    customer_id text collate "C" not null,
    window_no integer not null,
    target text collate "C" not null,
    activity_id text collate "C" not null,
    constraint milestone_target_pkey primary key (tenant_id, milestone_id, customer_id, window_no, target)
);

do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'customer_promotion', 'issuance', 'activity', 'milestone', 'milestone_product_list', 'milestone_progress',
        'milestone_step', 'milestone_target'
    ] loop
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

-- Customers are merged and deleted (spec 3): what says whose a thing is can be changed, and what was merged is gone.
grant select, insert, update (issued, unlocked, customer_id), delete on customer_promotion to promotion_engine_service;
grant select, insert,
      update (customer_id, unlocked_at, unlocked_in, activated_at, use_until, revoked_at)
   on issuance to promotion_engine_service;
grant select, insert, update (answer, customer_id) on activity to promotion_engine_service;
grant select, insert, update (document, updated_at), delete on milestone to promotion_engine_service;
grant select, insert, delete on milestone_product_list to promotion_engine_service;
grant select, insert, update (progress, customer_id), delete on milestone_progress to promotion_engine_service;
grant select, insert, update (lowered, customer_id), delete on milestone_step to promotion_engine_service;
grant select, insert, update (customer_id), delete on milestone_target to promotion_engine_service;
