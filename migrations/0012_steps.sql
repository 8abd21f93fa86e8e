-- The step of its benefit that a promotion reached (spec 5.4 `steps`), from 0; null for a benefit without steps.
-- The version that served before does not name the column.

alter table redemption_promotion
    add column step smallint,
    add constraint redemption_promotion_step_check check (step >= 0) not valid;
