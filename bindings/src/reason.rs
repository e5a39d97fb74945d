//! Why a call ended. The sentences for people are in Kotlin, generated from the same table of the machine.
use crate::snapshot::mirror;

mirror! {
    /// Why a call ended. `sentence` says it to a person.
    EndReason of calls_core::EndReason {
        /// We hung up after talking.
        WeHungUp,
        /// They hung up after talking.
        TheyHungUp,
        /// We gave up before they answered.
        WeCancelled,
        /// They gave up before we answered, or we did not answer in time.
        Missed,
        /// We said no.
        WeDeclined,
        /// They said no.
        TheyDeclined,
        /// They are in another call.
        TheyAreBusy,
        /// We were in another call.
        WeWereBusy,
        /// They did not answer.
        NoAnswer,
        /// None of their devices can be reached.
        Unreachable,
        /// Another device of ours answered.
        AnsweredElsewhere,
        /// Another device of ours said no.
        DeclinedElsewhere,
        /// Another device of ours was busy.
        BusyElsewhere,
        /// Our connection was away for too long.
        WeLostConnection,
        /// Theirs was.
        TheyLostConnection,
        /// No way between the two devices was found.
        NoPath,
        /// The server could not be reached.
        NoServer,
        /// The server stopped and could not hand the call over.
        ServerStopped,
        /// The server does not know this user any more.
        SignedOut,
        /// We may not: another's call, a group that we are not in.
        NotAllowed,
        /// The host of the room removed us.
        Removed,
        /// The host of the room did not let us in.
        NotLetIn,
        /// There is no such call or group.
        NotFound,
        /// This device is in a call that has to end first.
        AlreadyInCall,
        /// The room takes nobody more.
        RoomFull,
        /// The group talks already, in another room.
        GroupIsTalking,
        /// Too many calls in a short time.
        TooManyCalls,
        /// There is no microphone, or it may not be used.
        NoMicrophone,
        /// What their app sent makes no sense.
        TheirFault,
        /// A fault of ours.
        OurFault,
    }
}
