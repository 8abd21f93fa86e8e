-- What the list of promotions is searched and sorted by, so that a page reads about as many rows as it has.
--
-- A trigger keeps the words: the version that served before writes promotions too and knows nothing of words.

-- Each way to sort, within a status, and within a type or a campaign of it.
do $$
declare
    key text;
begin
    foreach key in array array['created_at', 'name_folded', 'starts_at', 'ends_at'] loop
        execute format('create index promotion_sorted_%1$s on promotion (tenant_id, status, %1$s, promotion_id)', key);
        execute format(
            'create index promotion_type_%1$s on promotion (tenant_id, status, type, %1$s, promotion_id)', key);
        execute format(
            'create index promotion_campaign_%1$s on promotion (tenant_id, status, campaign, %1$s, promotion_id)
              where campaign is not null', key);
    end loop;
end
$$;

-- A status that a later version has written. Whoever lists promotions looks here first.
create index promotion_of_unknown_status on promotion (tenant_id)
    where status not in ('draft', 'active', 'paused', 'archived');

create index code_batch_newest_first on code_batch (tenant_id, promotion_id, created_at desc, batch desc);

-- `name`: every end of the name in lower case, cut to 32 characters, so that a part of a name is the beginning of a
-- word. `store`, `concept` and `zone`: what the scope names; empty where it does not restrict. `earning_store`: the
-- stores in which the promotion is earned. Without a foreign key, which would lock the promotion for each word;
-- promotions are never deleted.
create table promotion_word (
    tenant_id uuid not null,
    promotion_id uuid not null,
    kind text collate "C" not null,
    word text collate "C" not null,
    constraint promotion_word_pkey primary key (tenant_id, promotion_id, kind, word),
    constraint promotion_word_kind_check check (kind in ('name', 'store', 'concept', 'zone', 'earning_store'))
);

create index promotion_by_word on promotion_word (tenant_id, kind, word, promotion_id);

create function promotion_words(name_folded text, document jsonb) returns table (kind text, word text)
language sql immutable as $$
    select 'name', substr(name_folded, place, 32) from generate_series(1, char_length(name_folded)) as place
    union
    select list.kind, entry.word
      from (values ('store', document #> '{scope,stores}'), ('concept', document #> '{scope,concepts}'),
                   ('zone', document #> '{scope,zones}'), ('earning_store', document #> '{earning,scope,stores}'))
           as list (kind, entries)
     cross join lateral (
           select jsonb_array_elements_text(
                      case jsonb_typeof(list.entries) when 'array' then list.entries else '[]' end)
           union all
           select '' where list.kind <> 'earning_store' and coalesce(list.entries = '[]', true)) as entry (word)
$$;

create function note_promotion_words() returns trigger language plpgsql as $$
begin
    delete from promotion_word as own
     where own.tenant_id = new.tenant_id and own.promotion_id = new.promotion_id
       and not exists (
           select from promotion_words(new.name_folded, new.document) as now
            where now.kind = own.kind and now.word = own.word);
    insert into promotion_word (tenant_id, promotion_id, kind, word)
    select new.tenant_id, new.promotion_id, now.kind, now.word
      from promotion_words(new.name_folded, new.document) as now
    on conflict do nothing;
    return null;
end
$$;

create trigger promotion_words_noted after insert or update of name_folded, document on promotion
    for each row execute function note_promotion_words();

-- The owner, too, sees rows only where row-level security is not forced.
alter table promotion no force row level security;
insert into promotion_word (tenant_id, promotion_id, kind, word)
select promotion.tenant_id, promotion.promotion_id, now.kind, now.word
  from promotion cross join lateral promotion_words(promotion.name_folded, promotion.document) as now;
alter table promotion force row level security;

alter table promotion_word enable row level security;
alter table promotion_word force row level security;
create policy of_the_tenant on promotion_word to promotion_engine_service
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

grant select, insert, delete on promotion_word to promotion_engine_service;
