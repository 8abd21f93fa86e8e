-- A webhook's secret is changed without a gap: for a while the former one signs beside the new one (spec 12).
-- The version that served before does not name the columns: until it is gone, it signs with the newer secret alone.

alter table webhook
    add column former_secret bytea,
    -- From then on the former secret does not sign.
    add column former_until timestamptz,
    add constraint webhook_former_secret_check check (octet_length(former_secret) = 32),
    add constraint webhook_former_check check ((former_secret is null) = (former_until is null));

grant update (secret, former_secret, former_until) on webhook to promotion_engine_service;
