//! Findings as they are told: a sentence for each (spec 15.2).

use super::body::*;
use crate::domain::finding::{Concern, Finding, FindingCode, Other, Severity};

use crate::domain::vocabulary::NameField;

answer! {
    /// What is allowed in a promotion but probably not meant.
    pub struct FindingBody "Finding" as Finding |finding| {
        /// The kind of finding, for programs.
        code: required(choice::<FindingCode>()) => finding.concern.code(),
        /// How much it matters.
        severity: required(choice::<Severity>()) => finding.concern.code().severity(),
        /// The place in the promotion: a JSON pointer (RFC 6901). Empty: the promotion as a whole.
        pointer: required(WORDS) => &finding.pointer,
        /// What is found, for people.
        message: required(WORDS) => message(&finding.concern),
        /// The other promotion that it has to do with; null: none.
        promotion_id: optional(ID) => finding.concern.other().map(|other| other.promotion.uuid()),
    }
}

answer! {
    /// What is allowed in a promotion but probably not meant, in the order of the codes.
    pub struct FindingsBody "" as [Finding] |findings| {
        /// The findings.
        findings: required(every(part::<FindingBody>())) => findings,
    }
}

/// One sentence or two about a finding.
fn message(concern: &Concern) -> String {
    match concern {
        Concern::NeverOpen => {
            "The schedule is never open between the promotion's dates.".to_owned()
        }
        Concern::AlreadyEnded(at) => {
            format!(
                "The promotion is active, but it has ended at {}.",
                at.format("%Y-%m-%dT%H:%M:%SZ")
            )
        }
        Concern::Contradiction(subject) => {
            format!("No cart meets all conditions on {subject}: this one excludes the others.")
        }
        Concern::UnknownName { field, name, alike } => {
            let known = format!("No {} of the name {name:?} is known.", noun(*field));
            match alike {
                None => known,
                Some(alike) => format!("{known} There is {alike:?}, which differs by case alone."),
            }
        }
        Concern::Unreachable(Other { name, .. }) => {
            format!(
                "The promotion never applies: {name:?} applies to all of its carts first and lets nothing follow."
            )
        }
        Concern::ExcludesItself(tag) => {
            format!(
                "The promotion has the tag {tag:?} itself, so it excludes others of its own kind."
            )
        }
        Concern::ExcludesAll => {
            "The promotion does not combine with any other active promotion.".to_owned()
        }
        Concern::GivesNothing => {
            "This comes to nothing: it is rounded to 0 for every cart that meets the conditions."
                .to_owned()
        }
        Concern::GivesEverything => {
            "This gives everything away: there are no conditions, no limits and no code.".to_owned()
        }
        Concern::NoLimit => {
            "The promotion may take more than half of the price, and nothing limits how often."
                .to_owned()
        }
        Concern::SameTerms(Other { name, .. }) => {
            format!("{name:?} has the same conditions, benefit and scope at some same time.")
        }
        Concern::Overlaps(Other { name, .. }) => {
            format!("{name:?} discounts some of the same units at some same time.")
        }
        Concern::NoMessage => {
            "The promotion is suggested, but there is no message for suggestions.".to_owned()
        }
        Concern::PlaceholderOfSuggestions(word) => {
            format!(
                "{{{word}}} is replaced in suggestion_message only; shoppers see it here as it is."
            )
        }
        Concern::UnknownPlaceholder(word) => format!(
            "{{{word}}} is not replaced; shoppers see it as it is. Only {{shortfall}} and {{gain}} are replaced."
        ),
    }
}

/// What people call a named thing.
const fn noun(field: NameField) -> &'static str {
    match field {
        NameField::Sku => "SKU",
        NameField::Product => "product",
        NameField::Category => "category",
        NameField::Brand => "brand",
        NameField::Tag => "tag",
        NameField::Supplier => "supplier",
        NameField::ProductGroup => "product group",
        NameField::AttributeKey => "attribute",
        NameField::Attribute => "value of the attribute",
        NameField::VariantKey => "variant",
        NameField::Variant => "value of the variant",
        NameField::PaymentMode => "payment mode",
        NameField::ShippingMethod => "shipping method",
        NameField::Channel => "channel",
        NameField::Store => "store",
        NameField::Concept => "concept",
        NameField::Zone => "zone",
        NameField::Program => "loyalty program",
        NameField::Tier => "tier",
        NameField::Supplementary => "supplementary program",
        NameField::Group => "customer group",
        NameField::CustomerAttributeKey => "attribute of customers",
        NameField::Campaign => "campaign",
        NameField::Template => "template",
    }
}
