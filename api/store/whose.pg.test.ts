// Whose a record is follows what it says it belongs to, whoever writes it and whatever else they write.

import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"

it.live("a record is of the customer of the account that it belongs to, from one statement to the next", () =>
  Effect.gen(function* () {
    const url = yield* Effect.promise(testDatabase)
    yield* onDatabase(url, (sql) =>
      Effect.gen(function* () {
        const customer = (slug: string) => sql`
          insert into tenants (kind, slug, name, created_at, updated_at) values ('customer', ${slug}, ${slug}, now(), now())`
        const owners = Effect.map(
          sql<{ readonly name: string; readonly slug: string | null; readonly told: string | null }>`
            select r.name, t.slug, o.slug as told from records r left join tenants t on t.id = r.tenant_id
              left join record_owners w on w.record_id = r.id left join tenants o on o.id = w.tenant_id order by r.name`,
          (rows) =>
            rows.map(({ name, slug, told }) => {
              assert.strictEqual(told, slug, `what record_owners says of ${name}`)
              return `${name} ${slug}`
            }),
        )
        yield* customer("ada")
        yield* sql`insert into records (kind, name, spec) values
          ('Account', 'a', '{"customer": "ada"}'), ('Account', 'b', '{"customer": "bob"}'),
          ('Site', 'shop', '{"account": "a"}'), ('Certificate', 'tls', '{"site": "shop"}')`
        assert.deepStrictEqual(yield* owners, ["a ada", "b null", "shop ada", "tls ada"])

        // Of all of these, nothing is about whose they are, whatever they say.
        yield* sql`update records set spec = spec || '{"maxUpload": "9M"}', version = version + 1`
        yield* sql`update records set tenant_id = (select tenant_id from records where name = 'a') where name = 'b'`
        yield* sql`update records set tenant_id = null, belongs = null, customer = 'bob' where name in ('a', 'shop')`
        assert.deepStrictEqual(yield* owners, ["a ada", "b null", "shop ada", "tls ada"])
        assert.deepStrictEqual(yield* sql`select name, belongs, customer from records order by name`, [
          { name: "a", belongs: null, customer: "ada" },
          { name: "b", belongs: null, customer: "bob" },
          { name: "shop", belongs: "Account/a", customer: null },
          { name: "tls", belongs: "Site/shop", customer: null },
        ])

        yield* customer("bob")
        assert.deepStrictEqual(yield* owners, ["a ada", "b bob", "shop ada", "tls ada"])
        yield* sql`update records set spec = '{"account": "b"}' where name = 'shop'`
        assert.deepStrictEqual(yield* owners, ["a ada", "b bob", "shop bob", "tls bob"])
        yield* sql`update records set spec = '{"customer": "ada"}' where name = 'b'`
        assert.deepStrictEqual(yield* owners, ["a ada", "b ada", "shop ada", "tls ada"])
        yield* sql`update records set spec = '{}' where name = 'b'`
        assert.deepStrictEqual(yield* owners, ["a ada", "b null", "shop null", "tls null"])

        const [reseller] = yield* sql<{ readonly id: string }>`
          insert into tenants (kind, slug, name, created_at, updated_at) values ('reseller', 'rae', 'rae', now(), now())
          returning id::text as id`
        yield* sql`update records set spec = '{"account": "a"}' where name = 'shop'`
        yield* sql`update tenants set reseller_id = ${reseller?.id ?? ""} where slug = 'ada'`
        assert.deepStrictEqual(
          yield* sql`select name from records where reseller_id = ${reseller?.id ?? ""} order by name`,
          [{ name: "a" }, { name: "shop" }, { name: "tls" }],
        )
        return []
      }),
    )
  }),
)
