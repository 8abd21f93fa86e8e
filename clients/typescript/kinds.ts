// Whether the story's promotions use all that a promotion can be made of, as the OpenAPI document lists it: a kind that a
// later release adds is to be tried here too.

import { deepEqual } from "node:assert/strict";
import type { components } from "./schema.js";

type Schemas = components["schemas"];
type Described = { discriminator?: { mapping?: Record<string, string> } };
type Document = { components: { schemas: Record<string, Described> } };

export function usesEveryKind(document: Document, all: Schemas["PromotionInput"][]): void {
    const described = document.components.schemas;
    const mapped = (schema: string): string[] => Object.keys(described[schema]?.discriminator?.mapping ?? {});
    const compare = (what: string, used: (string | undefined)[], wanted: string[]): void =>
        deepEqual(sorted(used), sorted(wanted), `kinds of ${what}`);
    const benefits = all.map((promotion) => promotion.benefit);
    compare("benefit", benefits.map((benefit) => benefit.type), mapped("BenefitInput"));
    const targets = benefits.map((benefit) => ("target" in benefit ? benefit.target?.type : undefined));
    compare("target", targets, mapped("BenefitTargetInput"));
    compare("repeat", benefits.map((benefit) => benefit.repeat?.per), mapped("RepeatInput"));
    compare("condition", all.flatMap((promotion) => conditions(promotion.conditions)), mapped("ConditionInput"));
    compare("recurrence", all.map((promotion) => promotion.schedule?.recurrence?.type), mapped("RecurrenceInput"));
}

function conditions(condition: Schemas["ConditionInput"] | null | undefined): string[] {
    if (condition == null) {
        return [];
    }
    return condition.type === "group" ? [condition.type, ...condition.of.flatMap(conditions)] : [condition.type];
}

function sorted(names: (string | undefined)[]): string[] {
    return [...new Set(names)].filter((name) => name !== undefined).sort();
}
