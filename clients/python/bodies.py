"""The story's promotions: between them every kind of benefit, target, repeat, condition and recurrence."""

from promotions import (
    BenefitInput,
    BenefitTargetInput,
    CartTargetInput,
    LimitsInput,
    MonthlyInput,
    PercentageOffInput,
    PromotionInput,
    PromotionType,
    RecurrenceInput,
    ScheduleInput,
    SubjectLimitsInput,
    SubjectLimitsInputDiscount,
    SubjectLimitsInputTimes,
)

TEES = "Three tees for 999"
CAP = "A cap with jeans and a belt"
TEN_PERCENT = "10 % off with a code"
EVERY_THOUSAND = "100 off every 1,000"
SHIPPING = "Free express shipping"
POINTS = "Points for the club"
VOUCHER = "20 % off the MRP with a gift voucher"
BIRTHDAY = "Birthday voucher"
SPENDER = "For big spenders"

DATES = {"starts_at": "2026-01-01T00:00:00+05:30", "ends_at": "2100-01-01T00:00:00+05:30"}


def category(name):
    """A selector of the lines of one category."""
    return {"include": [{"field": "category", "op": "in", "values": [name]}]}


def promotion(name, kind, **more):
    """A body, read from plain data, which finds the class of each `type`."""
    return PromotionInput.from_dict({"name": name, "type": kind} | DATES | more)


# One is made of classes, to show both ways. A dictionary must not stand for one of several classes: the constructor takes
# it, and sends null.
TEN_PERCENT_BODY = PromotionInput(
    name=TEN_PERCENT,
    type=PromotionType.CODE_LINKED,
    status="active",
    schedule=ScheduleInput(recurrence=RecurrenceInput(MonthlyInput(type="monthly", dates=list(range(1, 32))))),
    benefit=BenefitInput(
        PercentageOffInput(type="percentage_off", value="10", target=BenefitTargetInput(CartTargetInput(type="cart")))
    ),
    limits=LimitsInput(
        code=SubjectLimitsInput(times=SubjectLimitsInputTimes(max=1), discount=SubjectLimitsInputDiscount(max="500"))
    ),
    **DATES,
)

# Active ones, always open: the cart of the story gets all of them but the one that wants a gift voucher.
LIVE = [
    promotion(
        TEES,
        "pos",
        status="active",
        campaign="summer-26",
        schedule={"recurrence": {"type": "none"}, "daily_window": {"start": "00:00", "duration_hours": "24"}},
        conditions={"type": "line_quantity", "of": category("T-Shirts"), "op": "gte", "value": "3"},
        benefit={
            "type": "bundle_price",
            "value": "999",
            "target": {"type": "items", "from": "in_condition"},
            "repeat": {"per": "quantity", "every": "3"},
        },
    ),
    promotion(
        CAP,
        "pos",
        status="active",
        schedule={
            "timezone": "Asia/Kolkata",
            "recurrence": {"type": "weekly", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
        },
        conditions={
            "type": "group",
            "match": "all",
            "of": [
                {"type": "item", "of": category("Jeans")},
                {"type": "line_quantity", "of": category("Belts"), "op": "gte", "value": "1"},
            ],
        },
        benefit={
            "type": "free_product",
            "product": {"sku": "CAP-01", "quantity": "1"},
            "repeat": {"per": "set", "max_times": 1},
        },
    ),
    TEN_PERCENT_BODY,
    promotion(
        EVERY_THOUSAND,
        "pos",
        status="active",
        conditions={"type": "cart_amount", "op": "gte", "value": "1000"},
        benefit={"type": "amount_off", "value": "100", "repeat": {"per": "amount", "every": "1000", "max_times": 3}},
        limits={
            "cart": {"discount": "300"},
            "promotion": {"transactions": {"max": 500, "refresh": {"every": 1, "unit": "day"}}},
        },
        suggest=True,
    ),
    promotion(
        SHIPPING,
        "pos",
        status="active",
        scope={"stores": ["BLR-01"], "zones": ["metro"]},
        conditions={
            "type": "group",
            "of": [
                {"type": "shipping_method", "op": "in", "values": ["express"]},
                {"type": "channel", "op": "not_in", "values": ["kiosk"]},
            ],
        },
        benefit={"type": "fixed_price", "value": "0", "target": {"type": "shipping"}},
    ),
    promotion(
        POINTS,
        "pos",
        status="active",
        audience={"type": "all", "groups": ["club"]},
        conditions={
            "type": "group",
            "match": "all",
            "is": True,
            "of": [
                {"type": "customer_group", "op": "in", "values": ["club"]},
                {"type": "customer_attribute", "key": "city", "op": "eq", "value": "Pune"},
            ],
        },
        benefit={
            "type": "award_points",
            "steps": {"measure": "amount", "values": [{"from": "1000", "value": "1"}, {"from": "4000", "value": "2"}]},
            "repeat": {"per": "amount", "every": "100"},
        },
        stacking={"tags": ["club"], "not_with": ["staff"]},
    ),
    promotion(
        VOUCHER,
        "pos",
        status="active",
        conditions={
            "type": "group",
            "of": [
                {"type": "subtotal", "op": "gte", "value": "100"},
                {"type": "total_mrp", "op": "gte", "value": "100"},
                {"type": "total_quantity", "op": "lte", "value": "50"},
                {"type": "total_weight", "op": "lt", "value": "20.5"},
                {"type": "item_count", "op": "gte", "value": "2"},
                {"type": "line_amount", "of": category("Jeans"), "op": "gte", "value": "999.99"},
                {
                    "type": "distinct_products",
                    "of": {
                        "match": "any",
                        "include": [
                            {"field": "sku", "op": "in_list", "list": "new-arrivals"},
                            {"field": "unit_price", "op": "between", "values": ["100", "900"]},
                            {"field": "attribute", "key": "color", "op": "eq", "value": "tan"},
                        ],
                        "exclude": [{"field": "tag", "op": "eq", "value": "clearance"}],
                    },
                    "op": "gte",
                    "value": "2",
                },
                {"type": "distinct_variants", "op": "gt", "value": "1"},
                {"type": "payment_mode", "op": "starts_with", "values": ["Card"]},
                {"type": "gift_voucher", "values": ["GV-1"]},
            ],
        },
        benefit={
            "type": "percentage_off",
            "value": "20",
            "base": "mrp",
            "target": {"type": "items", "select": category("T-Shirts"), "quantity": "1", "pick": "most_expensive"},
        },
    ),
]

# Ones that no cart gets: their times are not always open, and they have to be earned.
DRAFTS = [
    promotion(
        BIRTHDAY,
        "rewards",
        schedule={
            "recurrence": {
                "type": "weekly_span",
                "from": {"day": "fri", "time": "18:00"},
                "to": {"day": "mon", "time": "06:00"},
            }
        },
        activation_required=True,
        benefit={"type": "amount_off", "value": "250"},
        earning={"trigger": "direct"},
        expiry={"type": "after_days", "days": 30},
        communication={
            "on_earning": [{"channel": "sms", "template": "birthday"}],
            "expiry_reminder": {"days_before": 3, "messages": [{"channel": "email", "template": "birthday-ends"}]},
        },
        limits={"issue": {"per_customer": 1}, "earn": {"times": 1, "discount": "250"}},
    ),
    promotion(
        SPENDER,
        "loyalty_earning",
        schedule={
            "recurrence": {
                "type": "monthly_span",
                "from": {"date": 28, "time": "00:00"},
                "to": {"date": 3, "time": "12:00"},
            }
        },
        audience={"type": "loyalty", "programs": [{"program": "main", "tiers": ["gold"]}]},
        benefit={"type": "percentage_off", "value": "15"},
        earning={"trigger": "milestone", "milestone": {"name": "big-spender", "target": "T1"}},
    ),
]


def uses_every_kind(document, promotions):
    """Whether the promotions use all that the OpenAPI document lists: a kind that a later release adds is to be tried too."""
    schemas = document["components"]["schemas"]
    bodies = [own.to_dict() for own in promotions]
    benefits = [body["benefit"] for body in bodies]
    used = {
        "BenefitInput": [benefit["type"] for benefit in benefits],
        "BenefitTargetInput": [benefit["target"]["type"] for benefit in benefits if benefit.get("target")],
        "RepeatInput": [benefit["repeat"]["per"] for benefit in benefits if benefit.get("repeat")],
        "ConditionInput": [kind for body in bodies for kind in kinds(body.get("conditions"))],
        "RecurrenceInput": [body["schedule"]["recurrence"]["type"] for body in bodies if body.get("schedule")],
    }
    for schema, own in used.items():
        assert set(own) == set(schemas[schema]["discriminator"]["mapping"]), schema


def kinds(condition):
    """The types of a condition and of all within it."""
    if condition is None:
        return []
    inner = condition["of"] if condition["type"] == "group" else []
    return [condition["type"]] + [kind for own in inner for kind in kinds(own)]
