-- What the cursors of a tenant's lists are sealed with: 32 random bytes that every instance reads, and no caller.
-- The version that served before does not name the column; its tenants get a key by the default.

alter table tenant add column cursor_key bytea not null
    default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
    constraint tenant_cursor_key_length check (length(cursor_key) = 32);
