package com.worldmates.calls.ui.text

import androidx.compose.runtime.Composable
import androidx.compose.runtime.ReadOnlyComposable
import androidx.compose.runtime.staticCompositionLocalOf
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.Language
import com.worldmates.calls.Quality
import com.worldmates.calls.Reaction
import com.worldmates.calls.ui.FrameStyle

/**
 * Every word that a screen of calls says. A language is an object of this interface, so one that lacks a word does not
 * compile. Why a call ended is not here: those sentences come from the engine.
 */
public interface Strings {
    public val language: Language

    // Names and numbers
    public fun user(number: Long): String
    public val you: String
    public fun andMore(names: String, more: Int): String
    public fun people(count: Int): String

    // The first screen
    public val calls: String
    public val dialHint: String
    public val dialWrong: String
    public val recent: String
    public val contacts: String
    public val noHistory: String
    public val noHistoryHelp: String
    public val noContacts: String
    public val noContactsHelp: String
    public val online: String
    public val offline: String
    public val signedOut: String
    public val canIBeReached: String
    public val canIBeReachedHelp: String
    public val check: String
    public val checking: String
    public val checkAgain: String
    public val reachable: String
    public val unreachable: String
    public val outcomeGood: String
    public val outcomeWarning: String
    public val outcomeBad: String
    public val missed: String
    public val incoming: String
    public val outgoing: String
    public val groupCall: String
    public val today: String
    public val yesterday: String
    public fun callByAudio(name: String): String
    public fun callByVideo(name: String): String
    public val audioCall: String
    public val videoCall: String
    public val settings: String
    public val messages: String

    // Somebody calls, or is called
    public val incomingAudio: String
    public val incomingVideo: String
    public fun incomingGroup(people: Int): String
    public val accept: String
    public val acceptAudio: String
    public val acceptVideo: String
    public val decline: String
    public val answering: String
    public fun youAreTalkingTo(name: String): String
    public val willBeHeld: String
    public val calling: String
    public val wakingPhone: String
    public fun ringingOn(devices: Int): String
    public val cancelCall: String

    // The call itself
    public val mute: String
    public val microphone: String
    public val on: String
    public val off: String
    public val camera: String
    public val switchCamera: String
    public val shareScreen: String
    public val stopSharing: String
    public val youShareScreen: String
    public val hold: String
    public val resume: String
    public val held: String
    public val heldHelp: String
    public fun swapWith(name: String): String
    public fun onHold(name: String): String
    public val hangUp: String
    public val more: String
    public val less: String
    public val back: String
    public val close: String
    public val sound: String
    public fun route(kind: AudioRouteKind): String
    public val routePending: String
    public val statistics: String
    public val showStatistics: String
    public val hideStatistics: String
    public val raiseHand: String
    public val lowerHand: String
    public val handUp: String
    public val showGrid: String
    public val showSpeaker: String
    public fun bring(name: String): String
    public fun page(number: Int, of: Int): String
    public val reconnecting: String
    public val reconnectingHelp: String
    public val connecting: String
    public val pictureOffNetwork: String
    public val theirAway: String
    public fun speaking(name: String): String
    public val muted: String
    public val pictureOff: String
    public fun quality(quality: Quality): String
    public val yourPicture: String
    public val movePicture: String
    public val waitingForOthers: String
    public fun talkedFor(time: String): String

    // A room of many
    public val chat: String
    public fun unread(count: Int): String
    public val writeToAll: String
    public val chatEmpty: String
    public val chatEmptyHelp: String
    public val sending: String
    public val notSent: String
    public val writeAgain: String
    public val participants: String
    public fun wantIn(count: Int): String
    public fun wantsIn(name: String): String
    public fun waitsFor(time: String): String
    public val letIn: String
    public val notLetIn: String
    public val show: String
    public val host: String
    public val lockRoom: String
    public val lockRoomHelp: String
    public val locked: String
    public val waitingRoom: String
    public val waitingRoomHelp: String
    public val waitingTitle: String
    public val handsTitle: String
    public val inCallTitle: String
    public fun handNumber(number: Int): String
    public fun handsUp(names: String): String
    public val pin: String
    public val unpin: String
    public val muteOther: String
    public val removeOther: String
    public fun removeQuestion(name: String): String
    public val cancel: String
    public fun actionsFor(name: String): String
    public val mutedByHost: String
    public val mutedByHostHelp: String
    public fun screenOf(name: String): String
    public val reactions: String
    public fun reacted(name: String, what: String): String
    public val atTheDoor: String
    public val atTheDoorHelp: String
    public val leaveDoor: String
    public fun reaction(reaction: Reaction): String

    // Statistics
    public val roundTrip: String
    public val loss: String
    public val received: String
    public val sent: String
    public val picture: String
    public val path: String
    public val jitter: String
    public val concealed: String
    public val decimalSeparator: Char
    public fun milliseconds(value: Long): String
    public fun kilobits(value: Long): String
    public fun seconds(value: Long): String
    public fun minutes(value: Long): String
    public fun hours(value: Long): String

    // After the call
    public val callEnded: String
    public val callFailed: String
    public val callAgain: String
    public val sendMessage: String
    public val openSettings: String

    // What could not be done
    public val notDone: String
    public val nobodyThere: String
    public fun noRoute(name: String): String

    // A conversation
    public val writeMessage: String
    public val send: String
    public val noMessages: String
    public val noMessagesHelp: String
    public val noCallsWithHelp: String
    public val earlierCalls: String
    public val backToCall: String
    public val canTalkNow: String
    public fun missedCallFrom(name: String): String

    // Settings
    public val callFrame: String
    public val callFrameHelp: String
    public fun frame(style: FrameStyle): String
    public fun frameHelp(style: FrameStyle): String
    public val languageName: String
    public val languageLabel: String
    public val appearance: String
    public val appearanceSystem: String
    public val appearanceLight: String
    public val appearanceDark: String
    public val showStatisticsAlways: String
    public val showStatisticsAlwaysHelp: String
    public val chosen: String
}

/** The words of a language. */
public fun stringsOf(language: Language): Strings = when (language) {
    Language.UK -> UkrainianStrings
    Language.RU -> RussianStrings
    Language.EN -> EnglishStrings
}

internal val LocalStrings = staticCompositionLocalOf<Strings> { EnglishStrings }

/** The words of the theme around. */
internal val strings: Strings
    @Composable @ReadOnlyComposable get() = LocalStrings.current
