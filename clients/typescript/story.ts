// What a till and its back office do with the service, through the client that openapi-fetch makes of the generated
// types. It needs SERVICE_URL and OPERATOR_KEY; the service must allow webhooks to this machine (WEBHOOK_ALLOW_PRIVATE).

import { deepEqual, equal, ok } from "node:assert/strict";
import createClient from "openapi-fetch";
import { addressOf, answered, bearer, has, passOn, refused, serve, step } from "./help.js";
import { usesEveryKind } from "./kinds.js";
import { drafts, live, NAMES } from "./promotions.js";
import { untilAnswered } from "./repeat.js";
import type { components, paths } from "./schema.js";
import { Receiver } from "./webhook.js";

type Schemas = components["schemas"];

const url = process.env["SERVICE_URL"] ?? "";
const operator = createClient<paths>({ baseUrl: url, headers: bearer(process.env["OPERATOR_KEY"] ?? "") });

// The shop: a tenant with its keys, a store, a list, settings and a milestone.

const tenant = answered(
    await operator.POST("/v1/tenants", { body: { name: "Story in TypeScript", currency: "INR", timezone: "Asia/Kolkata" } }),
    201,
);
const admin = createClient<paths>({ baseUrl: url, headers: bearer(tenant.admin_key) });
const made = answered(await admin.POST("/v1/keys", { body: { role: "pos", label: "till 7" } }), 201);
equal(made.role, "pos");
const till = createClient<paths>({ baseUrl: url, headers: bearer(made.key) });
step("a tenant, its admin's key and a key for tills");

const store = answered(
    await admin.PUT("/v1/stores/{code}", {
        params: { path: { code: "BLR-01" } },
        body: { concept: "flagship", zones: ["south", "metro"] },
    }),
    200,
);
deepEqual([store.code, store.concept, store.zones, store.timezone], ["BLR-01", "flagship", ["south", "metro"], null]);
const list = answered(
    await admin.PUT("/v1/product-lists/{name}", {
        params: { path: { name: "new-arrivals" } },
        body: { skus: ["TEE-RED-M", "CAP-01"] },
    }),
    200,
);
equal(list.size, 2);
const before = await admin.GET("/v1/settings");
const settings = answered(
    await admin.PUT("/v1/settings", {
        params: { header: { "if-match": before.response.headers.get("etag") ?? "" } },
        body: { ...answered(before, 200), hold_seconds: 120, custom_fields: [{ key: "region", type: "text" }] },
    }),
    200,
);
deepEqual([settings.version, settings.hold_seconds, settings.custom_fields[0]?.key], [2, 120, "region"]);
const milestone = answered(
    await admin.PUT("/v1/milestones/{name}", {
        params: { path: { name: "big-spender" } },
        body: { measure: "spend", window: { every: 12, unit: "month" }, targets: [{ name: "T1", value: "5000" }] },
    }),
    200,
);
deepEqual(milestone.targets, [{ name: "T1", value: "5000" }]);
step("a store, a product list, settings by If-Match and a milestone");

// Promotions: between them every benefit, target, repetition, condition and recurrence of the document.

const document = await (await fetch(`${url}/openapi.json`)).json();
usesEveryKind(document, [...live, ...drafts]);
const ids = new Map<string, string>();
for (const body of [...live, ...drafts]) {
    const promotion = answered(await admin.POST("/v1/promotions", { body }), 201);
    equal(promotion.state, body.status === "active" ? "live" : "draft");
    ids.set(promotion.name, promotion.id);
}
const idOf = (name: string): string => ids.get(name) ?? "";
step(`${ids.size} promotions, which use every kind of benefit, target, repeat, condition and recurrence`);

const at = { path: { id: idOf(NAMES.everyThousand) } };
const read = await admin.GET("/v1/promotions/{id}", { params: at });
const promotion = answered(read, 200);
ok(promotion.benefit.type === "amount_off");
ok(promotion.benefit.repeat?.per === "amount");
equal(promotion.benefit.repeat.every, "1000");
const match = { "if-match": read.response.headers.get("etag") ?? "" };
// What was read is sent back whole: the fields that the service adds are allowed, and ignored.
const replaced = answered(
    await admin.PUT("/v1/promotions/{id}", {
        params: { ...at, header: match },
        body: { ...promotion, description: "At most 300 a cart", custom_fields: { region: "south" } },
    }),
    200,
);
deepEqual([replaced.version, replaced.description], [2, "At most 300 a cart"]);
deepEqual(replaced.benefit, promotion.benefit);
step("a promotion read and replaced");

const stale = refused(await admin.PUT("/v1/promotions/{id}", { params: { ...at, header: match }, body: promotion }), 412);
equal(stale.code, "stale_version");
step("a stale If-Match is refused: stale_version");

const sold = { path: { id: idOf(NAMES.tenPercent) } };
const named = answered(
    await admin.POST("/v1/promotions/{id}/codes", {
        params: sold,
        body: { codes: [{ code: "SAVE10" }, { code: "SAVE10-VIP", customer_id: "C-1002" }] },
    }),
    201,
);
equal(named.created, 2);
const drawn = answered(
    await admin.POST("/v1/promotions/{id}/codes", {
        params: sold,
        body: { generate: { count: 5, prefix: "DIW-", length: 10 }, batch: "diwali" },
    }),
    201,
);
ok(drawn.codes?.length === 5 && drawn.codes.every((code) => /^DIW-[A-Z2-9]{10}$/.test(code)));
step("codes: two by name, five drawn");

// The till: a webhook listens, a cart is priced, redeemed, partly returned.

const receiver = await Receiver.start();
const hook = answered(
    await admin.PUT("/v1/webhooks/{name}", {
        params: { path: { name: "story" } },
        body: { url: receiver.url, events: ["redemption.committed"] },
    }),
    201,
);
// Only the answer that made it has the secret.
ok(hook.secret !== undefined);
const { secret } = hook;

const request: Schemas["OrderInput"] = {
    cart: {
        lines: [
            { id: "1", sku: "TEE-RED-M", quantity: "3", unit_price: "499", mrp: "599", product: "TEE", categories: ["T-Shirts"] },
            { id: "2", sku: "JEANS-32", quantity: "1", unit_price: "1999.00", categories: ["Jeans"], weight: "0.7" },
            { id: "3", sku: "BELT-01", quantity: "1", unit_price: "799.5", categories: ["Belts"], attributes: { color: "tan" } },
        ],
        shipping: { method: "express", amount: "80" },
        tenders: [{ mode: "Card", amount: null }],
        codes: ["save10"],
    },
    customer: { id: "C-1001", groups: ["club"], attributes: { city: "Pune" } },
    store: "BLR-01",
    channel: "store",
};
const priced = answered(await till.POST("/v1/evaluate-cart", { body: { ...request, explain: "all" } }), 200);
has(priced.totals, {
    gross: "4295.50",
    item_discount: "498.00",
    cart_discount: "679.75",
    shipping: "80.00",
    shipping_discount: "80.00",
    discount: "1257.75",
    payable: "3117.75",
});
deepEqual(priced.lines.map((line) => line.payable), ["820.18", "1641.18", "656.39"]);
deepEqual(priced.free_items.map((item) => [item.sku, item.quantity]), [["CAP-01", "1"]]);
deepEqual(priced.codes, [{ code: "save10", status: "applied", reason: null }]);
const applied = new Map(priced.applied.map((own) => [own.name, own]));
deepEqual([...applied.keys()].sort(), live.map((own) => own.name).filter((name) => name !== NAMES.voucher).sort());
equal(applied.get(NAMES.points)?.points, "84");
const [missed] = priced.not_applied ?? [];
deepEqual([missed?.name, missed?.reason], [NAMES.voucher, "conditions_not_met"]);
deepEqual(missed?.unmet?.map((own) => own.type), ["gift_voucher"]);
step(`a cart priced and explained: ${priced.totals.payable} of ${priced.totals.gross} is left to pay`);

const body: Schemas["RedemptionInput"] = {
    transaction_id: "BLR-01/7/1042",
    request,
    expected_discount: priced.totals.discount,
};
const redeem = (client: typeof till, what: Schemas["RedemptionInput"]) =>
    untilAnswered((signal) => client.POST("/v1/redemptions", { body: what, signal }));
const sale = answered(await redeem(till, body), 201);
deepEqual([sale.state, sale.result.totals.payable], ["committed", "3117.75"]);
const again = answered(await redeem(till, body), 200);
deepEqual([again.id, again.result], [sale.id, sale.result]);
step("redeemed: 201, and the same request again 200 with the same answer");

// A line to the service that loses the first answer, and then says that the outcome is not known.
const unclear = { type: "about:blank", title: "Service Unavailable", status: 503, code: "outcome_unknown" };
const flaky = await serve(async (received, count) => {
    if (count === 2) {
        return { status: 503, type: "application/problem+json", retryAfter: "1", body: JSON.stringify(unclear) };
    }
    const answer = await passOn(received, url);
    return count === 1 ? null : answer;
});
const shaky = createClient<paths>({ baseUrl: addressOf(flaky), headers: bearer(made.key) });
const second = answered(
    await redeem(shaky, { transaction_id: "BLR-01/7/1043", request: { ...request, cart: { ...request.cart, codes: [] } } }),
    200,
);
flaky.close();
const query = { transaction_id: "BLR-01/7/1043" };
const listed = answered(await till.GET("/v1/redemptions", { params: { query } }), 200);
deepEqual(listed.items.map((own) => own.id), [second.id]);
step("redeemed through a bad line: no answer, then outcome_unknown, then once");

const back = answered(
    await till.POST("/v1/redemptions/{id}/returns", {
        params: { path: { id: "tx:BLR-01/7/1042" } },
        body: { return_id: "R-1", lines: [{ id: "1", quantity: "1" }] },
    }),
    200,
);
deepEqual([back.refund, back.complete], ["273.39", false]);
const full = answered(await till.GET("/v1/redemptions/{id}", { params: { path: { id: sale.id } } }), 200);
deepEqual([full.id, full.state, full.request?.cart.lines.length], [sale.id, "committed", 3]);
deepEqual(full.returns?.map((own) => own.return_id), ["R-1"]);
step(`one of three tees came back: ${back.refund} is refunded`);

const isSale = (own: Schemas["Event"]) => own.type === "redemption.committed" && own.data.redemption_id === sale.id;
const event = await receiver.event(secret, isSale);
ok(event.type === "redemption.committed");
deepEqual([event.data.transaction_id, event.data.discount], ["BLR-01/7/1042", "1257.75"]);
receiver.close();
step("the webhook got redemption.committed, and its signature is right");

// Lists and refusals.

const seen: string[] = [];
let cursor: string | undefined;
let pages = 0;
do {
    const page = answered(await admin.GET("/v1/promotions", { params: { query: { limit: 2, cursor } } }), 200);
    seen.push(...page.items.map((own) => own.id));
    cursor = page.next_cursor ?? undefined;
    pages += 1;
} while (cursor !== undefined && pages < 100);
deepEqual(seen.sort(), [...ids.values()].sort());
step(`promotions listed page by page: ${seen.length} on ${pages} pages`);

const line = { id: "1", sku: "TEE-RED-M", quantity: "0", unit_price: "499" };
const wrong = refused(await till.POST("/v1/evaluate-cart", { body: { cart: { lines: [line] } } }), 422);
equal(wrong.code, "invalid");
deepEqual([wrong.errors[0]?.pointer, wrong.errors[0]?.code], ["/cart/lines/0/quantity", "out_of_range"]);
// @ts-expect-error: the types refuse it too.
const misspelt: Schemas["CartRequestInput"] = { cart: { lines: [{ ...line, quantity: "1" }] }, chanel: "web" };
const unknown = refused(await till.POST("/v1/evaluate-cart", { body: misspelt }), 422);
deepEqual([unknown.code, unknown.errors[0]?.pointer, unknown.errors[0]?.code], ["invalid", "/chanel", "unknown_field"]);
step("faults are told by code and place");
