-- Nobody looks for a row by what a whole document is like, so Postgres need not know how documents are spread: to find out, it
-- sorted thousands of them each time that a table had grown by a tenth, and took a processor for seconds where many write.
-- (What is looked for in a document has a column or an index of its own.)
do $$
declare
  one record;
begin
  for one in
    select a.attrelid::regclass as place, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.atttypid = 'jsonb'::regtype and a.attnum > 0
      and not a.attisdropped
  loop
    execute format('alter table %s alter column %I set statistics 0', one.place, one.attname);
  end loop;
end $$;
