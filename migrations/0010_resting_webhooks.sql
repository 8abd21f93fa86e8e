-- A webhook whose receiver fails rests as a whole: its deliveries wait, nobody else's (spec 12).
-- The version that served before does not name the columns, and every webhook begins without a failure.

alter table webhook
    -- How many times in a row everything that was tried at once has failed.
    add column failures integer not null default 0,
    -- Nothing is tried before.
    add column rests_until timestamptz;

grant update (failures, rests_until) on webhook to promotion_engine_service;
grant select (failures, rests_until) on webhook to promotion_engine_operator;
