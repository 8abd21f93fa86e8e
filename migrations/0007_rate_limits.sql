-- How much work the operator lets a tenant ask for: {"evaluate": {"per_second", "burst"}, "redeem": …, "admin": …}.
-- The version that served before does not name the column, and every tenant begins without bounds.

alter table tenant add column rate_limits jsonb not null default '{}';
