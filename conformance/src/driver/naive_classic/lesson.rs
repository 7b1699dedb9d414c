//! The lessons of the classic stack, each as something that a provider does, or does not (juju-provider 4.1).
//!
//! It knows neither scenarios nor how a provider does it.

/// A lesson of the real provider's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// A name that is refused is no reason to give up.
    AnotherName,
    /// The container is made before the first file is put, and one that is not there holds nothing.
    ContainerOnDemand,
    /// What another operation holds is waited for.
    WaitsForOthers,
    /// Trouble that comes and goes is waited out.
    TriesAgain,
    /// What says that the environment exists is deleted last.
    MarkLast,
    /// The last machine goes with its service, disks and blobs in one.
    ServiceWithLastRole,
    /// Machines of one application share a cloud service.
    SharedServices,
    /// What is balanced is probed by TCP.
    TcpProbes,
    /// The label of a service says whether its machines serve the API.
    AsksTheLabel,
    /// A network that still counts as used is asked for again.
    WaitsForTheNetwork,
    /// A network of an affinity group has old hardware only.
    SizesOfGroups,
    /// The environment `a-b` is none of `a`'s.
    WholeNames,
    /// The credential is tried before anything is made.
    CredentialFirst,
    /// A service may have no deployment.
    EmptyServices,
    /// A service may be gone of which an id speaks.
    GapsForGone,
    /// What is gone is stopped.
    GoneIsStopped,
    /// Only what was made is undone.
    UndoesItsOwn,
    /// What was read a while ago is not written.
    ReadsAgain,
}

impl Lesson {
    /// Every lesson, in the order of their numbers, from 1.
    pub const ALL: [Lesson; 18] = [
        Lesson::AnotherName,
        Lesson::ContainerOnDemand,
        Lesson::WaitsForOthers,
        Lesson::TriesAgain,
        Lesson::MarkLast,
        Lesson::ServiceWithLastRole,
        Lesson::SharedServices,
        Lesson::TcpProbes,
        Lesson::AsksTheLabel,
        Lesson::WaitsForTheNetwork,
        Lesson::SizesOfGroups,
        Lesson::WholeNames,
        Lesson::CredentialFirst,
        Lesson::EmptyServices,
        Lesson::GapsForGone,
        Lesson::GoneIsStopped,
        Lesson::UndoesItsOwn,
        Lesson::ReadsAgain,
    ];

    /// Its number in the reference: 3 is L3.
    #[must_use]
    pub fn number(self) -> usize {
        Lesson::ALL.iter().position(|own| *own == self).map_or(0, |at| at + 1)
    }

    /// Its name, as tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lesson::AnotherName => "another-name",
            Lesson::ContainerOnDemand => "container-on-demand",
            Lesson::WaitsForOthers => "waits-for-others",
            Lesson::TriesAgain => "tries-again",
            Lesson::MarkLast => "mark-last",
            Lesson::ServiceWithLastRole => "service-with-last-role",
            Lesson::SharedServices => "shared-services",
            Lesson::TcpProbes => "tcp-probes",
            Lesson::AsksTheLabel => "asks-the-label",
            Lesson::WaitsForTheNetwork => "waits-for-the-network",
            Lesson::SizesOfGroups => "sizes-of-groups",
            Lesson::WholeNames => "whole-names",
            Lesson::CredentialFirst => "credential-first",
            Lesson::EmptyServices => "empty-services",
            Lesson::GapsForGone => "gaps-for-gone",
            Lesson::GoneIsStopped => "gone-is-stopped",
            Lesson::UndoesItsOwn => "undoes-its-own",
            Lesson::ReadsAgain => "reads-again",
        }
    }
}
