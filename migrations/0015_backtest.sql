-- Backtests: past redemptions priced again under changed rules (spec 15.3). An instance works on one for as long as it
-- renews its lease; when it dies, the lease runs out and another instance begins it anew.

create table backtest (
    tenant_id uuid not null,
    backtest_id uuid not null,
    name text not null,
    state text collate "C" not null default 'queued',
    -- The body that asked for it, as it was sent.
    input text not null,
    created_at timestamptz not null,
    finished_at timestamptz,
    -- How many redemptions are priced, of how many.
    done bigint not null default 0,
    total bigint not null default 0,
    -- Whose lease it is: an id that an instance makes each time it begins.
    worker uuid,
    leased_until timestamptz,
    -- How often an instance has begun it.
    attempts integer not null default 0,
    -- JSON text, when done.
    result text,
    -- Why it failed.
    failure text,
    constraint backtest_pkey primary key (tenant_id, backtest_id),
    constraint backtest_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint backtest_state_check check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    constraint backtest_lease_check check ((state = 'running') = (worker is not null)
        and (worker is null) = (leased_until is null)),
    constraint backtest_finished_check check ((state in ('queued', 'running')) = (finished_at is null)),
    constraint backtest_result_check check ((state = 'done') = (result is not null)
        and (state = 'failed') = (failure is not null)),
    constraint backtest_progress_check check (done >= 0 and total >= 0)
);

create index backtest_newest_first on backtest (tenant_id, created_at desc, backtest_id desc);
-- One at a time for a tenant.
create unique index backtest_running_key on backtest (tenant_id) where state = 'running';
create index backtest_unfinished on backtest (state, leased_until) where state in ('queued', 'running');

alter table backtest enable row level security;
alter table backtest force row level security;

create policy of_the_tenant on backtest to promotion_engine_service
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy of_the_operator on backtest to promotion_engine_operator using (true);

grant select, insert, update, delete on backtest to promotion_engine_service;
grant select (tenant_id, state, leased_until) on backtest to promotion_engine_operator;
