-- What customers took: the counters of limits, the ledger of redemptions and their returns (spec 9, 10).
--
-- `limit_counter` is what decides; the ledger says how it came about, and reconciliation compares the two. Rows of
-- the ledger do not refer to tenants and promotions by foreign keys, though those are never deleted: each such key
-- would lock the same parent row in every redemption of the shop.
--
-- Counts are plain numbers; amounts of money are counted in ten-thousandths.

-- How much of a limit is gone: one row for each promotion, subject, owner, measure and window. `used` has what is held
-- in it. Locked in the order of the primary key, always.
create table limit_counter (
    tenant_id uuid not null,
    promotion_id uuid not null,
    subject text collate "C" not null,
    -- Whose: the id of the issuance, customer or code; empty for the promotion itself.
    owner text collate "C" not null,
    measure text collate "C" not null,
    -- Counted from the window in which the promotion starts; 0 without refresh.
    window_no integer not null,
    used bigint not null,
    maximum bigint not null,
    constraint limit_counter_pkey primary key (tenant_id, promotion_id, subject, owner, measure, window_no),
    constraint limit_counter_subject_check check (subject in ('earn', 'customer', 'promotion', 'code')),
    constraint limit_counter_measure_check check (measure in ('times', 'transactions', 'discount')),
    -- The last line, behind the checks of the redeeming transaction.
    constraint limit_counter_used_check check (used >= 0 and used <= maximum)
) with (fillfactor = 50);

-- Which redemption a transaction of the caller's is, for ever: the latest under this id. None where it was cancelled
-- before it was seen. Apart from the ledger, which can so be partitioned by time.
create table redemption_key (
    tenant_id uuid not null,
    transaction_id text collate "C" not null,
    redemption_id uuid,
    cancelled_at timestamptz,
    constraint redemption_key_pkey primary key (tenant_id, transaction_id),
    constraint redemption_key_check check ((redemption_id is null) = (cancelled_at is not null))
) with (fillfactor = 80);

create table redemption (
    tenant_id uuid not null,
    redemption_id uuid not null,
    transaction_id text collate "C" not null,
    state text collate "C" not null,
    customer_id text collate "C",
    evaluated_at timestamptz not null,
    -- Of a hold: from when on it cannot be committed.
    expires_at timestamptz,
    -- When it was committed, cancelled, replaced or found expired.
    settled_at timestamptz,
    -- When everything had come back and was given back to the limits.
    restored_at timestamptz,
    ruleset_version bigint not null,
    -- SHA-256 of the body as it was understood.
    body_hash bytea not null,
    discount bigint not null,
    -- Texts, not documents: what is answered again is the same byte by byte.
    request text not null,
    result text not null,
    constraint redemption_pkey primary key (tenant_id, redemption_id),
    constraint redemption_key_fkey foreign key (tenant_id, transaction_id)
        references redemption_key (tenant_id, transaction_id),
    constraint redemption_state_check check (state in ('held', 'committed', 'cancelled', 'expired', 'replaced')),
    constraint redemption_settled_check check ((state = 'held') = (settled_at is null)),
    constraint redemption_expires_check check (state <> 'held' or expires_at is not null),
    constraint redemption_hash_check check (octet_length(body_hash) = 32)
) with (fillfactor = 90);

create index redemption_newest_first on redemption (tenant_id, evaluated_at desc, redemption_id desc);
create index redemption_by_transaction on redemption (tenant_id, transaction_id, evaluated_at desc);
create index redemption_by_customer on redemption (tenant_id, customer_id, evaluated_at desc, redemption_id desc)
    where customer_id is not null;

-- The holds that are open: what the job that ends them looks at, and all that the operator's role sees of them.
create table hold (
    tenant_id uuid not null,
    redemption_id uuid not null,
    expires_at timestamptz not null,
    constraint hold_pkey primary key (tenant_id, redemption_id),
    constraint hold_redemption_fkey foreign key (tenant_id, redemption_id)
        references redemption (tenant_id, redemption_id)
);

create index hold_by_expiry on hold (expires_at);

-- What each applied promotion gave.
create table redemption_promotion (
    tenant_id uuid not null,
    redemption_id uuid not null,
    promotion_id uuid not null,
    -- In order of application.
    place smallint not null,
    evaluated_at timestamptz not null,
    level text collate "C" not null,
    times bigint not null,
    discount bigint not null,
    points numeric not null,
    code_id uuid,
    code_key text collate "C",
    issuance_id uuid,
    constraint redemption_promotion_pkey primary key (tenant_id, redemption_id, promotion_id),
    constraint redemption_promotion_redemption_fkey foreign key (tenant_id, redemption_id)
        references redemption (tenant_id, redemption_id),
    constraint redemption_promotion_level_check check (level in ('item', 'cart', 'shipping')),
    constraint redemption_promotion_amounts_check check (times >= 0 and discount >= 0 and points >= 0)
);

create index redemption_promotion_by_promotion
    on redemption_promotion (tenant_id, promotion_id, evaluated_at, redemption_id);
create index redemption_promotion_by_code
    on redemption_promotion (tenant_id, code_key, evaluated_at, redemption_id) where code_key is not null;

-- What it took from which counter, and how much of that was given back.
create table redemption_use (
    tenant_id uuid not null,
    redemption_id uuid not null,
    promotion_id uuid not null,
    subject text collate "C" not null,
    owner text collate "C" not null,
    measure text collate "C" not null,
    window_no integer not null,
    amount bigint not null,
    given_back bigint not null default 0,
    constraint redemption_use_pkey primary key (tenant_id, redemption_id, promotion_id, subject, measure),
    constraint redemption_use_redemption_fkey foreign key (tenant_id, redemption_id)
        references redemption (tenant_id, redemption_id),
    constraint redemption_use_amount_check check (given_back >= 0 and given_back <= amount)
);

create table redemption_return (
    tenant_id uuid not null,
    redemption_id uuid not null,
    return_id text collate "C" not null,
    at timestamptz not null,
    body_hash bytea not null,
    answer text not null,
    constraint redemption_return_pkey primary key (tenant_id, redemption_id, return_id),
    constraint redemption_return_redemption_fkey foreign key (tenant_id, redemption_id)
        references redemption (tenant_id, redemption_id),
    constraint redemption_return_hash_check check (octet_length(body_hash) = 32)
);

-- What is back of each line, in all.
create table redemption_returned_line (
    tenant_id uuid not null,
    redemption_id uuid not null,
    line_id text collate "C" not null,
    -- In thousandths.
    quantity bigint not null,
    refunded numeric not null,
    constraint redemption_returned_line_pkey primary key (tenant_id, redemption_id, line_id),
    constraint redemption_returned_line_redemption_fkey foreign key (tenant_id, redemption_id)
        references redemption (tenant_id, redemption_id),
    constraint redemption_returned_line_check check (quantity > 0 and refunded >= 0)
);

-- What a return took back of what a promotion gave.
create table redemption_return_promotion (
    tenant_id uuid not null,
    redemption_id uuid not null,
    return_id text collate "C" not null,
    promotion_id uuid not null,
    at timestamptz not null,
    discount bigint not null,
    points numeric not null,
    constraint redemption_return_promotion_pkey primary key (tenant_id, redemption_id, return_id, promotion_id),
    constraint redemption_return_promotion_return_fkey foreign key (tenant_id, redemption_id, return_id)
        references redemption_return (tenant_id, redemption_id, return_id)
);

create index redemption_return_promotion_by_promotion
    on redemption_return_promotion (tenant_id, promotion_id, at);

-- Generated codes remember their batch, so that the same request again makes none.
create table code_batch (
    tenant_id uuid not null,
    promotion_id uuid not null,
    batch text collate "C" not null,
    body_hash bytea not null,
    count integer not null,
    created_at timestamptz not null default now(),
    constraint code_batch_pkey primary key (tenant_id, promotion_id, batch),
    constraint code_batch_promotion_fkey foreign key (tenant_id, promotion_id)
        references promotion (tenant_id, promotion_id),
    constraint code_batch_hash_check check (octet_length(body_hash) = 32)
);

alter table code add column batch text collate "C";
create index code_by_batch on code (tenant_id, promotion_id, batch, code_key) where batch is not null;

do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'limit_counter', 'redemption_key', 'redemption', 'hold', 'redemption_promotion', 'redemption_use',
        'redemption_return', 'redemption_returned_line', 'redemption_return_promotion', 'code_batch'
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

create policy of_the_operator on hold to promotion_engine_operator using (true);

grant select, insert, update on limit_counter to promotion_engine_service;
grant select, insert, update, delete on redemption_key to promotion_engine_service;
grant select, insert, update (state, settled_at, restored_at) on redemption to promotion_engine_service;
grant select, insert, delete on hold to promotion_engine_service;
grant select, insert on redemption_promotion, redemption_return, redemption_return_promotion, code_batch
    to promotion_engine_service;
grant select, insert, update (given_back) on redemption_use to promotion_engine_service;
grant select, insert, update (quantity, refunded) on redemption_returned_line to promotion_engine_service;

grant select on hold to promotion_engine_operator;
