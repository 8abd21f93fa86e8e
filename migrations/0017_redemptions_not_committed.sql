-- Redemptions that are not sales are few. Lists by a state find them here, and statistics leave them out without a look
-- at the ledger's rows (spec 3).
--
-- Making the index keeps redemptions waiting while the ledger is read. Whoever has millions of them makes it before the
-- upgrade, with `concurrently`; then nothing is left to do.
-- Such an index is invalid if it was not made to its end.
do $$
begin
    if exists (select from pg_index where indexrelid = to_regclass('redemption_not_committed') and not indisvalid) then
        drop index redemption_not_committed;
    end if;
end $$;
create index if not exists redemption_not_committed on redemption (tenant_id, evaluated_at desc, redemption_id desc)
    where state <> 'committed';
