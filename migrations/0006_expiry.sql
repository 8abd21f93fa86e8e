-- Issuances that expire are told of, and reminded of before (spec 12).
--
-- An issuance's end is its own or its promotion's, whichever comes first, and the promotion's can be moved: so nothing
-- is stored of when something is due. A job goes through a promotion's issuances in the order of their own ends, up to
-- what is due, and keeps its place in `issuance_watch`. What was told is noted with the issuance itself, so that going
-- through them once more tells nothing twice.

alter table issuance
    -- When it was told that it has expired.
    add column expired_at timestamptz,
    -- The end of which its customer was reminded.
    add column reminded_for timestamptz,
    -- The order of the ends. A column, since row-level security keeps expressions from being looked up in an index.
    add column until timestamptz not null generated always as (coalesce(use_until, 'infinity')) stored;

create index issuance_by_end on issuance (tenant_id, promotion_id, until, issuance_id) where revoked_at is null;

alter table promotion
    -- How many days before the end customers are reminded.
    add column remind_days integer
        generated always as ((document #>> '{communication,expiry_reminder,days_before}')::integer) stored,
    -- The end that was told of all issuances.
    add column expired_for timestamptz;

create index promotion_to_expire on promotion (ends_at)
    where status <> 'draft' and expired_for is distinct from ends_at;
create index promotion_to_remind on promotion (ends_at) where status = 'active' and remind_days is not null;

-- How far the job has come with a promotion's issuances: their order is that of their own ends.
create table issuance_watch (
    tenant_id uuid not null,
    promotion_id uuid not null,
    what text collate "C" not null,
    -- The end of the promotion, and the days before it, that this place is of: with others it begins anew.
    ends_at timestamptz not null,
    days_before integer not null,
    until timestamptz not null default '-infinity',
    issuance_id uuid not null default '00000000-0000-0000-0000-000000000000',
    is_done boolean not null default false,
    constraint issuance_watch_pkey primary key (tenant_id, promotion_id, what),
    constraint issuance_watch_promotion_fkey foreign key (tenant_id, promotion_id)
        references promotion (tenant_id, promotion_id),
    constraint issuance_watch_what_check check (what in ('expiring', 'expired'))
);

-- Whether something was given back to an issuance that was used up: it may have expired meanwhile, or do so soon.
alter table limit_counter add column was_used_up boolean not null default false;
create index limit_counter_given_back on limit_counter (tenant_id, owner) where was_used_up;

alter table issuance_watch enable row level security;
alter table issuance_watch force row level security;
create policy of_the_tenant on issuance_watch to promotion_engine_service
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

grant select, insert, update on issuance_watch to promotion_engine_service;
grant update (expired_at, reminded_for) on issuance to promotion_engine_service;

-- What the job looks for across tenants: no more than the ids and what is searched by.
alter policy of_the_operator on promotion using (status <> 'draft');
create policy of_the_operator on issuance for select to promotion_engine_operator using (revoked_at is null);
create policy of_the_operator on issuance_watch for select to promotion_engine_operator using (true);
create policy of_the_operator on limit_counter for select to promotion_engine_operator using (was_used_up);
grant select (expired_for, remind_days) on promotion to promotion_engine_operator;
grant select (tenant_id, promotion_id, issuance_id, until, revoked_at) on issuance to promotion_engine_operator;
grant select on issuance_watch to promotion_engine_operator;
grant select (tenant_id, was_used_up) on limit_counter to promotion_engine_operator;
