//! The tenants of the demo, and what becomes of them.

/// What becomes of a company, and in which month of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Stays as it is.
    Steady,
    /// Moves to the next plan.
    Grows(u8),
    /// Leaves at the end of its period.
    Leaves(u8),
    /// Its card stops working.
    Fails(u8),
}

/// One tenant of the demo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    pub name: &'static str,
    pub slug: &'static str,
    pub owner: &'static str,
    /// The month of the year in which it signs up.
    pub joins: u8,
    /// Which of the public plans, counted around.
    pub plan: usize,
    /// How much of its limits it uses in a month, in per cent.
    pub use_percent: i64,
    pub fate: Fate,
}

const fn company(
    (name, slug, owner): (&'static str, &'static str, &'static str),
    joins: u8,
    plan: usize,
    use_percent: i64,
    fate: Fate,
) -> Company {
    Company {
        name,
        slug,
        owner,
        joins,
        plan,
        use_percent,
        fate,
    }
}

/// The companies of the demo, in the order they sign up. The first one's owner is the log-in that is printed.
pub(crate) const COMPANIES: &[Company] = &[
    company(("Acme", "acme", "Ada Marlow"), 0, 1, 62, Fate::Grows(7)),
    company(
        ("Blue Harbor Logistics", "blue-harbor", "Ben Okafor"),
        0,
        0,
        35,
        Fate::Steady,
    ),
    company(("Cedar Clinic", "cedar-clinic", "Chika Tanaka"), 1, 2, 48, Fate::Steady),
    company(("Dorado Foods", "dorado", "Diego Ruiz"), 2, 1, 91, Fate::Grows(6)),
    company(("Everest Outfitters", "everest", "Emi Sato"), 3, 1, 20, Fate::Leaves(8)),
    company(("Fjord Analytics", "fjord", "Freja Lund"), 4, 2, 73, Fate::Steady),
    company(("Ginkgo Studio", "ginkgo", "Goro Abe"), 4, 0, 97, Fate::Grows(9)),
    company(("Halcyon Travel", "halcyon", "Hana Kim"), 5, 1, 55, Fate::Fails(10)),
    company(("Ivory Legal", "ivory-legal", "Ines Costa"), 6, 2, 30, Fate::Leaves(10)),
    company(("Juniper Energy", "juniper", "Jonas Weber"), 8, 1, 44, Fate::Steady),
    company(("Kestrel Robotics", "kestrel", "Kei Mori"), 9, 2, 81, Fate::Steady),
    company(("Lumen Schools", "lumen", "Lena Novak"), 11, 1, 12, Fate::Steady),
];

#[cfg(test)]
mod tests {
    use tenantry_tenancy::tenant::Slug;

    use super::*;

    #[test]
    fn every_company_can_sign_up_and_has_time_for_its_fate() {
        for company in COMPANIES {
            assert!(Slug::try_from(company.slug).is_ok(), "{}", company.slug);
            let fated = match company.fate {
                Fate::Steady => 11,
                Fate::Grows(month) | Fate::Leaves(month) | Fate::Fails(month) => month,
            };
            assert!(
                company.joins < 12 && fated >= company.joins && fated < 12,
                "{}",
                company.name
            );
        }
    }
}
