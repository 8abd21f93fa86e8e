-- How many stores, product lists and SKUs on them a tenant may have; and what tells the rule cache which of them have
-- changed, so that a change loads no more than that.
--
-- Triggers note changes: the version that served before writes stores and lists too and knows nothing of revisions. What
-- has revision zero has not changed since this migration.

alter table tenant
    add column max_stores integer not null default 100000,
    add column max_product_lists integer not null default 1000,
    -- Of all its lists together.
    add column max_product_list_entries integer not null default 2000000,
    -- Another one after each change of its stores.
    add column stores_revision uuid not null default '00000000-0000-0000-0000-000000000000',
    add constraint tenant_max_stores_check check (max_stores >= 0),
    add constraint tenant_max_product_lists_check check (max_product_lists >= 0),
    add constraint tenant_max_product_list_entries_check check (max_product_list_entries >= 0);

-- Another one after each change of the list: no two contents of a name have the same.
alter table product_list add column revision uuid not null default '00000000-0000-0000-0000-000000000000';

create function note_product_list() returns trigger language plpgsql as $$
begin
    new.revision := gen_random_uuid();
    return new;
end
$$;

create trigger product_list_noted before insert or update on product_list
    for each row execute function note_product_list();

-- Whoever writes stores holds the tenant's row already: the version of its rules grows first.
create function note_stores() returns trigger language plpgsql as $$
begin
    update tenant set stores_revision = gen_random_uuid() where tenant_id in (select tenant_id from changed);
    return null;
end
$$;

create trigger stores_added after insert on store referencing new table as changed
    for each statement execute function note_stores();
create trigger stores_changed after update on store referencing new table as changed
    for each statement execute function note_stores();
create trigger stores_deleted after delete on store referencing old table as changed
    for each statement execute function note_stores();

grant update (stores_revision) on tenant to promotion_engine_service;
