-- Redemptions {first} to {last} of a ledger of {count}, over the year before {now}: each a copy of the tenant's redemption
-- `template`, marked by its transaction id. Whoever sets another {first} and {last} goes on where this ended.
--
-- Keys and constraints are as the service would have left them: they are not looked up again for each row.
begin;
set local session_replication_role = replica;
create temporary table own on commit drop as
    select n, at, 'loaded-' || n as transaction_id, 'C-' || n % {customers} as customer_id,
           case when n between 41 and 100 then 'cancelled' else 'committed' end as state,
           -- Ids begin with their time, as those of the service do.
           (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
            || '7' || substr(md5('{tenant}' || n), 1, 3) || '8' || substr(md5('{tenant}' || n), 4, 15))::uuid as redemption_id
      from generate_series({first}, {last}) as n,
           lateral (select date_trunc('milliseconds',
                           timestamptz '{now}' - interval '360 days' * (({count} - n)::float8 / {count})) as at) as of;
create temporary table template on commit drop as
    select * from redemption where tenant_id = '{tenant}' and transaction_id = 'template';
insert into redemption_key (tenant_id, transaction_id, redemption_id)
    select '{tenant}', transaction_id, redemption_id from own order by n;
insert into redemption (tenant_id, redemption_id, transaction_id, state, customer_id, evaluated_at, settled_at,
           ruleset_version, body_hash, discount, request, result)
    select '{tenant}', own.redemption_id, own.transaction_id, own.state, own.customer_id, own.at, own.at,
           template.ruleset_version, sha256(own.transaction_id::bytea), template.discount,
           replace(template.request, '"template"', '"' || own.customer_id || '"'), template.result
      from own, template order by n;
-- The promotion that applies to every cart; one that applied to the first forty; and a code of one cart in a hundred.
insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times, discount, points)
    select '{tenant}', own.redemption_id, given.promotion_id, given.place, own.at, given.level, given.times, given.discount,
           given.points
      from own, template, redemption_promotion as given
     where given.tenant_id = '{tenant}' and given.redemption_id = template.redemption_id order by n;
insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times, discount, points)
    select '{tenant}', redemption_id, '{rare}', 1, at, 'cart', 1, 0, 0 from own where n <= 40;
insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times, discount, points,
           code_id, code_key)
    select '{tenant}', own.redemption_id, code.promotion_id, 1, own.at, 'cart', 1, 0, 0, code.code_id, code.code_key
      from own, code where own.n % 100 = 50 and code.tenant_id = '{tenant}' order by n;
insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no, amount, given_back)
    select '{tenant}', own.redemption_id, used.promotion_id, used.subject, own.customer_id, used.measure, used.window_no,
           used.amount, case own.state when 'cancelled' then used.amount else 0 end
      from own, template, redemption_use as used
     where used.tenant_id = '{tenant}' and used.redemption_id = template.redemption_id order by n;
-- Of one in twenty a unit came back a day later.
create temporary table returned on commit drop as
    select redemption_id, least(at + interval '1 day', timestamptz '{now}') as at from own where n > 100 and n % 20 = 0;
insert into redemption_return (tenant_id, redemption_id, return_id, at, body_hash, answer)
    select '{tenant}', redemption_id, 'loaded', at, sha256('loaded'), '{}' from returned;
insert into redemption_returned_line (tenant_id, redemption_id, line_id, quantity, refunded)
    select '{tenant}', redemption_id, '1', 1000, 490 from returned;
insert into redemption_return_promotion (tenant_id, redemption_id, return_id, promotion_id, at, discount, points)
    select '{tenant}', returned.redemption_id, 'loaded', used.promotion_id, returned.at, 10000, 0
      from returned, template, redemption_use as used
     where used.tenant_id = '{tenant}' and used.redemption_id = template.redemption_id;
-- Events are kept for 90 days. A row of the trail for every tenth redemption.
with told as (
    select *, row_number() over (order by n) as place, count(*) over () as count
      from own where n > {count} - {count} / 4
), counter as (
    insert into event_counter (tenant_id, latest) select '{tenant}', count(*) from told
        on conflict (tenant_id) do update set latest = event_counter.latest + excluded.latest
    returning latest
)
insert into event (tenant_id, sequence, event_id, type, subject, subject_id, occurred_at, data, published_at)
    select '{tenant}', counter.latest - told.count + told.place, gen_random_uuid(), 'redemption.committed', 'redemption',
           told.redemption_id, told.at,
           json_build_object('redemption_id', told.redemption_id, 'transaction_id', told.transaction_id), told.at
      from told, counter;
insert into audit (tenant_id, audit_id, at, key_id, subject, action, before, after)
    select '{tenant}', own.redemption_id, own.at, entry.key_id, entry.subject, entry.action, entry.before, entry.after
      from own, (select * from audit where tenant_id = '{tenant}' and subject = 'promotion:{promotion}'
                  order by at desc limit 1) as entry
     where own.n % 10 = 0 order by n;
commit;
