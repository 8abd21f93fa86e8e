// The story's promotions: between them every kind of benefit, target, repeat, condition and recurrence.

import type { components } from "./schema.js";

type Schemas = components["schemas"];
type PromotionInput = Schemas["PromotionInput"];

export const NAMES = {
    tees: "Three tees for 999",
    cap: "A cap with jeans and a belt",
    tenPercent: "10 % off with a code",
    everyThousand: "100 off every 1,000",
    shipping: "Free express shipping",
    points: "Points for the club",
    voucher: "20 % off the MRP with a gift voucher",
    birthday: "Birthday voucher",
    spender: "For big spenders",
};

const dates = { starts_at: "2026-01-01T00:00:00+05:30", ends_at: "2100-01-01T00:00:00+05:30" };
const everyDay: Schemas["Weekday"][] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function category(name: string): Schemas["SelectorInput"] {
    return { include: [{ field: "category", op: "in", values: [name] }] };
}

/** Active ones, always open: the cart of the story gets all of them but the one that wants a gift voucher. */
export const live: PromotionInput[] = [
    {
        ...dates,
        name: NAMES.tees,
        type: "pos",
        status: "active",
        campaign: "summer-26",
        schedule: { recurrence: { type: "none" }, daily_window: { start: "00:00", duration_hours: "24" } },
        conditions: { type: "line_quantity", of: category("T-Shirts"), op: "gte", value: "3" },
        benefit: {
            type: "bundle_price",
            value: "999",
            target: { type: "items", from: "in_condition" },
            repeat: { per: "quantity", every: "3" },
        },
    },
    {
        ...dates,
        name: NAMES.cap,
        type: "pos",
        status: "active",
        schedule: { timezone: "Asia/Kolkata", recurrence: { type: "weekly", days: everyDay } },
        conditions: {
            type: "group",
            match: "all",
            of: [
                { type: "item", of: category("Jeans") },
                { type: "line_quantity", of: category("Belts"), op: "gte", value: "1" },
            ],
        },
        benefit: {
            type: "free_product",
            product: { sku: "CAP-01", quantity: "1" },
            repeat: { per: "set", max_times: 1 },
        },
    },
    {
        ...dates,
        name: NAMES.tenPercent,
        type: "code_linked",
        status: "active",
        schedule: { recurrence: { type: "monthly", dates: Array.from({ length: 31 }, (_, day) => day + 1) } },
        benefit: { type: "percentage_off", value: "10", target: { type: "cart" } },
        limits: { code: { times: { max: 1 }, discount: { max: "500" } } },
    },
    {
        ...dates,
        name: NAMES.everyThousand,
        type: "pos",
        status: "active",
        conditions: { type: "cart_amount", op: "gte", value: "1000" },
        benefit: { type: "amount_off", value: "100", repeat: { per: "amount", every: "1000", max_times: 3 } },
        limits: { cart: { discount: "300" }, promotion: { transactions: { max: 500, refresh: { every: 1, unit: "day" } } } },
        suggest: true,
    },
    {
        ...dates,
        name: NAMES.shipping,
        type: "pos",
        status: "active",
        scope: { stores: ["BLR-01"], zones: ["metro"] },
        conditions: {
            type: "group",
            of: [
                { type: "shipping_method", op: "in", values: ["express"] },
                { type: "channel", op: "not_in", values: ["kiosk"] },
            ],
        },
        benefit: { type: "fixed_price", value: "0", target: { type: "shipping" } },
    },
    {
        ...dates,
        name: NAMES.points,
        type: "pos",
        status: "active",
        audience: { type: "all", groups: ["club"] },
        conditions: {
            type: "group",
            match: "all",
            is: true,
            of: [
                { type: "customer_group", op: "in", values: ["club"] },
                { type: "customer_attribute", key: "city", op: "eq", value: "Pune" },
            ],
        },
        benefit: {
            type: "award_points",
            steps: {
                measure: "amount",
                values: [
                    { from: "1000", value: "1" },
                    { from: "4000", value: "2" },
                ],
            },
            repeat: { per: "amount", every: "100" },
        },
        stacking: { tags: ["club"], not_with: ["staff"] },
    },
    {
        ...dates,
        name: NAMES.voucher,
        type: "pos",
        status: "active",
        conditions: {
            type: "group",
            of: [
                { type: "subtotal", op: "gte", value: "100" },
                { type: "total_mrp", op: "gte", value: "100" },
                { type: "total_quantity", op: "lte", value: "50" },
                { type: "total_weight", op: "lt", value: "20.5" },
                { type: "item_count", op: "gte", value: "2" },
                { type: "line_amount", of: category("Jeans"), op: "gte", value: "999.99" },
                {
                    type: "distinct_products",
                    of: {
                        match: "any",
                        include: [
                            { field: "sku", op: "in_list", list: "new-arrivals" },
                            { field: "unit_price", op: "between", values: ["100", "900"] },
                            { field: "attribute", key: "color", op: "eq", value: "tan" },
                        ],
                        exclude: [{ field: "tag", op: "eq", value: "clearance" }],
                    },
                    op: "gte",
                    value: "2",
                },
                { type: "distinct_variants", op: "gt", value: "1" },
                { type: "payment_mode", op: "starts_with", values: ["Card"] },
                { type: "gift_voucher", values: ["GV-1"] },
            ],
        },
        benefit: {
            type: "percentage_off",
            value: "20",
            base: "mrp",
            target: { type: "items", select: category("T-Shirts"), quantity: "1", pick: "most_expensive" },
        },
    },
];

/** Ones that no cart gets: their times are not always open, and they have to be earned. */
export const drafts: PromotionInput[] = [
    {
        ...dates,
        name: NAMES.birthday,
        type: "rewards",
        schedule: {
            recurrence: { type: "weekly_span", from: { day: "fri", time: "18:00" }, to: { day: "mon", time: "06:00" } },
        },
        activation_required: true,
        benefit: { type: "amount_off", value: "250" },
        earning: { trigger: "direct" },
        expiry: { type: "after_days", days: 30 },
        communication: {
            on_earning: [{ channel: "sms", template: "birthday" }],
            expiry_reminder: { days_before: 3, messages: [{ channel: "email", template: "birthday-ends" }] },
        },
        limits: { issue: { per_customer: 1 }, earn: { times: 1, discount: "250" } },
    },
    {
        ...dates,
        name: NAMES.spender,
        type: "loyalty_earning",
        schedule: {
            recurrence: { type: "monthly_span", from: { date: 28, time: "00:00" }, to: { date: 3, time: "12:00" } },
        },
        audience: { type: "loyalty", programs: [{ program: "main", tiers: ["gold"] }] },
        benefit: { type: "percentage_off", value: "15" },
        earning: { trigger: "milestone", milestone: { name: "big-spender", target: "T1" } },
    },
];
