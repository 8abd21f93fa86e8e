"""What a till and its back office do with the service, through the client that OpenAPI Generator makes.

It needs SERVICE_URL and OPERATOR_KEY; the service must allow webhooks to this machine (WEBHOOK_ALLOW_PRIVATE).
"""

import json
import os
import re
from uuid import UUID

import promotions as api
from bodies import DRAFTS, EVERY_THOUSAND, LIVE, POINTS, TEN_PERCENT, VOUCHER, uses_every_kind
from help import address, answered, client, document_of, equal, pass_on, refused, serve, step
from repeat import until_answered
from webhook import Receiver

URL = os.environ["SERVICE_URL"]

REQUEST = {
    "cart": {
        "lines": [
            {
                "id": "1",
                "sku": "TEE-RED-M",
                "quantity": "3",
                "unit_price": "499",
                "mrp": "599",
                "product": "TEE",
                "categories": ["T-Shirts"],
            },
            {"id": "2", "sku": "JEANS-32", "quantity": "1", "unit_price": "1999.00", "categories": ["Jeans"], "weight": "0.7"},
            {
                "id": "3",
                "sku": "BELT-01",
                "quantity": "1",
                "unit_price": "799.5",
                "categories": ["Belts"],
                "attributes": {"color": "tan"},
            },
        ],
        "shipping": {"method": "express", "amount": "80"},
        "tenders": [{"mode": "Card", "amount": None}],
        "codes": ["save10"],
    },
    "customer": {"id": "C-1001", "groups": ["club"], "attributes": {"city": "Pune"}},
    "store": "BLR-01",
    "channel": "store",
}


def make_shop():
    """A tenant with its keys, a store, a list, settings and a milestone: clients of its admin and of its tills."""
    operator = api.TenantsApi(client(URL, os.environ["OPERATOR_KEY"]))
    new = api.TenantInput(name="Story in Python", currency="INR", timezone="Asia/Kolkata")
    tenant = answered(operator.create_tenant_with_http_info(new), 201)
    admin = client(URL, tenant.admin_key)
    key = api.KeysApi(admin).create_key(api.KeyInput(role=api.KeyRole.POS, label="till 7"))
    equal(key.role, api.KeyRole.POS)
    step("a tenant, its admin's key and a key for tills")

    store = api.StoresApi(admin).put_store("BLR-01", api.StoreInput(concept="flagship", zones=["south", "metro"]))
    equal((store.code, store.concept, store.zones, store.timezone), ("BLR-01", "flagship", ["south", "metro"], None))
    skus = api.ProductListInput(skus=["TEE-RED-M", "CAP-01"])
    equal(api.ProductListsApi(admin).put_product_list("new-arrivals", skus).size, 2)
    before = api.SettingsApi(admin).read_settings_with_http_info()
    changed = api.SettingsInput.from_dict(before.data.to_dict())
    changed.hold_seconds = 120
    changed.custom_fields = [api.CustomFieldInput(key="region", type=api.CustomFieldType.TEXT)]
    settings = api.SettingsApi(admin).replace_settings(before.headers["etag"], changed)
    equal((settings.version, settings.hold_seconds, settings.custom_fields[0].key), (2, 120, "region"))
    milestone = api.MilestonesApi(admin).put_milestone(
        "big-spender",
        api.MilestoneInput(
            measure=api.MilestoneMeasure.SPEND,
            window=api.RefreshInput(every=12, unit=api.RefreshUnit.MONTH),
            targets=[api.MilestoneInputTargetsInner(name="T1", value="5000")],
        ),
    )
    equal([(own.name, own.value) for own in milestone.targets], [("T1", "5000")])
    step("a store, a product list, settings by If-Match and a milestone")
    return admin, key.key


def make_promotions(admin):
    """Between them every benefit, target, repetition, condition and recurrence of the document; their ids by name."""
    uses_every_kind(document_of(URL), LIVE + DRAFTS)
    promotions = api.PromotionsApi(admin)
    ids = {}
    for body in LIVE + DRAFTS:
        made = answered(promotions.create_promotion_with_http_info(body), 201)
        equal(made.state, "live" if body.status == "active" else "draft")
        ids[made.name] = made.id
    step(f"{len(ids)} promotions, which use every kind of benefit, target, repeat, condition and recurrence")

    read = promotions.read_promotion_with_http_info(ids[EVERY_THOUSAND])
    benefit = read.data.benefit.actual_instance
    assert isinstance(benefit, api.AmountOff)
    assert isinstance(benefit.repeat.actual_instance, api.RepeatPerAmount)
    equal(benefit.repeat.actual_instance.every, "1000")
    # What was read is sent back whole: the fields that the service adds are allowed, and ignored.
    whole = api.PromotionReplacement.from_json(read.data.to_json())
    whole.description = "At most 300 a cart"
    whole.custom_fields = {"region": "south"}
    replaced = promotions.replace_promotion(ids[EVERY_THOUSAND], read.headers["etag"], whole)
    equal((replaced.version, replaced.description), (2, "At most 300 a cart"))
    equal(replaced.benefit, read.data.benefit)
    step("a promotion read and replaced")

    stale = refused(412, promotions.replace_promotion, ids[EVERY_THOUSAND], read.headers["etag"], whole)
    equal(stale.code, "stale_version")
    step("a stale If-Match is refused: stale_version")

    codes = api.CodesApi(admin)
    named = [api.CodeInput(code="SAVE10"), api.CodeInput(code="SAVE10-VIP", customer_id="C-1002")]
    equal(codes.create_codes(ids[TEN_PERCENT], api.CodesInput(codes=named)).created, 2)
    wanted = api.CodesInputGenerate(count=5, prefix="DIW-", length=10)
    drawn = codes.create_codes(ids[TEN_PERCENT], api.CodesInput(generate=wanted, batch="diwali")).codes
    assert len(drawn) == 5 and all(re.fullmatch("DIW-[A-Z2-9]{10}", code) for code in drawn), drawn
    step("codes: two by name, five drawn")
    return ids


def price(till):
    """The cart, priced and explained."""
    request = api.CartRequestInput.from_dict(REQUEST | {"explain": "all"})
    priced = answered(api.EvaluationApi(till).evaluate_cart_with_http_info(request), 200)
    totals = priced.totals
    equal((totals.gross, totals.item_discount, totals.cart_discount), ("4295.50", "498.00", "679.75"))
    equal((totals.shipping, totals.shipping_discount), ("80.00", "80.00"))
    equal((totals.discount, totals.payable), ("1257.75", "3117.75"))
    equal([line.payable for line in priced.lines], ["820.18", "1641.18", "656.39"])
    equal([(item.sku, item.quantity) for item in priced.free_items], [("CAP-01", "1")])
    equal([(code.code, code.status, code.reason) for code in priced.codes], [("save10", "applied", None)])
    applied = {own.name: own for own in priced.applied}
    equal(set(applied), {own.name for own in LIVE} - {VOUCHER})
    equal(applied[POINTS].points, "84")
    equal(applied[POINTS].step, 1)
    missed = priced.not_applied[0]
    equal((missed.name, missed.reason), (VOUCHER, api.ReasonCode.CONDITIONS_NOT_MET))
    equal([own.actual_instance.type for own in missed.unmet], ["gift_voucher"])
    equal(missed.explanation, "Pay with a gift voucher that qualifies")
    step(f"a cart priced and explained: {totals.payable} of {totals.gross} is left to pay")
    return totals.discount


def redeem(till, key, discount):
    """The cart, redeemed: twice through a good line, then another through a bad one. The first sale's id."""
    redemptions = api.RedemptionsApi(till)
    body = api.RedemptionInput.from_dict(
        {"transaction_id": "BLR-01/7/1042", "request": REQUEST, "expected_discount": discount}
    )
    sale = answered(until_answered(redemptions.redeem_with_http_info, body), 201)
    equal((sale.state, sale.result.totals.payable), (api.RedemptionState.COMMITTED, "3117.75"))
    again = answered(until_answered(redemptions.redeem_with_http_info, body), 200)
    equal((again.id, again.result), (sale.id, sale.result))
    step("redeemed: 201, and the same request again 200 with the same answer")

    unclear = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "outcome_unknown"}
    unclear |= {"detail": "", "request_id": "r", "errors": []}

    def bad_line(received, content, count):
        """Loses the first answer, and then says that the outcome is not known."""
        if count == 2:
            headers = {"content-type": "application/problem+json", "retry-after": "1"}
            return 503, headers, json.dumps(unclear).encode()
        answer = pass_on(received, content, URL)
        return None if count == 1 else answer

    flaky = serve(bad_line)
    other = body.model_copy(deep=True)
    other.transaction_id, other.expected_discount, other.request.cart.codes = "BLR-01/7/1043", None, []
    through = api.RedemptionsApi(client(address(flaky), key))
    second = answered(until_answered(through.redeem_with_http_info, other), 200)
    flaky.shutdown()
    listed = redemptions.list_redemptions(transaction_id="BLR-01/7/1043").items
    equal([own.id for own in listed], [second.id])
    step("redeemed through a bad line: no answer, then outcome_unknown, then once")
    return sale.id


def bring_back(till, sale):
    """One unit of a line."""
    redemptions = api.RedemptionsApi(till)
    returned = api.ReturnInput.from_dict({"return_id": "R-1", "lines": [{"id": "1", "quantity": "1"}]})
    back = redemptions.return_goods("tx:BLR-01/7/1042", returned)
    equal((back.refund, back.complete), ("273.39", False))
    full = redemptions.read_redemption(str(sale))
    equal((full.id, full.state, len(full.request.cart.lines)), (sale, api.RedemptionState.COMMITTED, 3))
    equal([own.return_id for own in full.returns], ["R-1"])
    step(f"one of three tees came back: {back.refund} is refunded")


def list_all(admin, ids):
    """Page by page, by the cursor."""
    seen, pages, cursor = [], 0, None
    while pages == 0 or cursor is not None:
        page = api.PromotionsApi(admin).list_promotions(limit=2, cursor=cursor)
        seen += [own.id for own in page.items]
        pages, cursor = pages + 1, page.next_cursor
    equal(sorted(seen), sorted(ids.values()))
    step(f"promotions listed page by page: {len(seen)} on {pages} pages")


def make_a_fault(till):
    """A quantity of 0."""
    line = {"id": "1", "sku": "TEE-RED-M", "quantity": "0", "unit_price": "499"}
    wrong = api.CartRequestInput.from_dict({"cart": {"lines": [line]}})
    problem = refused(422, api.EvaluationApi(till).evaluate_cart, wrong)
    fault = problem.errors[0]
    equal((problem.code, fault.pointer, fault.code), ("invalid", "/cart/lines/0/quantity", "out_of_range"))
    step("faults are told by code and place")


def main():
    """The whole story."""
    admin, key = make_shop()
    till = client(URL, key)
    ids = make_promotions(admin)
    receiver = Receiver()
    wanted = api.WebhookInput(url=receiver.url, events=[api.EventType.REDEMPTION_DOT_COMMITTED])
    # Only the answer that made it has the secret.
    hook = answered(api.WebhookEndpointsApi(admin).put_webhook_with_http_info("story", wanted), 201)
    sale = redeem(till, key, price(till))
    bring_back(till, sale)
    event = receiver.event(hook.secret, lambda own: own.data.redemption_id == sale)
    assert isinstance(event, api.RedemptionCommittedEvent) and isinstance(event.data.redemption_id, UUID)
    equal((event.data.transaction_id, event.data.discount), ("BLR-01/7/1042", "1257.75"))
    receiver.close()
    step("the webhook got redemption.committed, and its signature is right")
    list_all(admin, ids)
    make_a_fault(till)


if __name__ == "__main__":
    main()
