package com.worldmates.calls

import com.sun.jna.Native
import java.nio.ByteBuffer
import java.time.Duration
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/** [Calls] of the engine. It converts nothing and decides nothing. */
internal class EngineCalls(config: CallsConfig, proofs: ProofSource, platform: Platform) : Calls, OnSurfaces {
    private val allSnapshots = MutableStateFlow(CallsSnapshot(ServerLink.DOWN, emptyList()))
    private val allLevels = MutableStateFlow(SoundLevels(0f, emptyMap()))
    // First, so that Android tells the library of itself (`JNI_OnLoad`), which UniFFI's way of loading it does not.
    private val natives = NativePixels
    private val engine: CallsEngine = CallsEngine.connect(config, proofs, platform, Listener(allSnapshots, allLevels))

    override val user: Long = config.user
    override val snapshots: StateFlow<CallsSnapshot> = allSnapshots.asStateFlow()
    override val levels: StateFlow<SoundLevels> = allLevels.asStateFlow()

    override suspend fun dial(user: Long, type: CallType): Call = call(engine.dial(user, type))

    override suspend fun dialGroup(group: Long, type: CallType): Call = call(engine.dialGroup(group, type))

    override suspend fun join(room: String, type: CallType): Call = call(engine.join(room, type))

    override fun call(id: Long): Call = EngineCall(engine, id)

    override fun woken(room: String, from: Long, name: String, type: CallType, ringsFor: Duration?): Unit =
        engine.woken(room, from, name, type, ringsFor)

    override fun networkChanged(): Unit = engine.networkChanged()

    override fun setPushToken(token: String): Unit = engine.setPushToken(token)

    override fun noMicrophone(): Unit = engine.noMicrophone()

    override fun noCamera(): Unit = engine.noCamera()

    override fun switchCamera(): Unit = engine.switchCamera()

    override suspend fun check(language: Language): CheckReport = engine.check(language)

    override fun pictures(call: Long, user: Long): PictureFeed = EnginePictures(engine.pixels(), call, user)

    override fun push(source: Long, picture: CameraPicture): Unit =
        with(picture) {
            NativePixels.push(engine.pixels(), source, width, height, turned, y, yRow, u, v, colourRow, colourStep)
        }

    override fun pushRgba(source: Long, width: Int, height: Int, pixels: ByteBuffer, row: Int): Unit =
        NativePixels.pushRgba(engine.pixels(), source, width, height, pixels, row)

    override fun attach(call: Long, user: Long, surface: Any): AutoCloseable {
        val pixels = engine.pixels()
        val number = NativePixels.attach(pixels, call, user, surface)
        return AutoCloseable { NativePixels.detach(pixels, call, user, number) }
    }

    override suspend fun shutdown(): Unit = engine.shutdown()

    // What Rust holds of it goes with the object itself, when nobody can reach it any more: whoever comes late is told
    // that it is closed, and not that there is no such thing.
    override fun close(): Unit = engine.end()
}

/** Apart from [EngineCalls], so that the engine does not keep it from being collected. */
private class Listener(
    private val snapshots: MutableStateFlow<CallsSnapshot>,
    private val levels: MutableStateFlow<SoundLevels>,
) : CallsListener {
    override fun onSnapshot(snapshot: CallsSnapshot) {
        stayAttached()
        snapshots.value = snapshot
    }

    override fun onLevels(levels: SoundLevels) {
        stayAttached()
        this.levels.value = levels
    }

    /** The thread is the listener's own: to make a Java thread of it anew for each word costs more than the word. */
    private fun stayAttached() = Native.detach(false)
}

private class EngineCall(private val engine: CallsEngine, override val id: Long) : Call {
    override fun accept(type: CallType) = engine.accept(id, type)

    override fun reject() = engine.reject(id)

    override fun hangUp() = engine.hangUp(id)

    override fun setMuted(muted: Boolean) = engine.setMuted(id, muted)

    override fun show(picture: Picture) = engine.show(id, picture)

    override fun shareScreen(on: Boolean) = engine.shareScreen(id, on)

    override fun look(looks: List<Look>) = engine.look(id, looks)

    override fun raiseHand(raised: Boolean) = engine.raiseHand(id, raised)

    override fun react(reaction: Reaction) = engine.react(id, reaction)

    override fun write(text: String) = engine.write(id, text)

    override fun muteParticipant(user: Long) = engine.muteParticipant(id, user)

    override fun removeParticipant(user: Long) = engine.removeParticipant(id, user)

    override fun setLocked(locked: Boolean) = engine.setLocked(id, locked)

    override fun setWaitingRoom(on: Boolean) = engine.setWaitingRoom(id, on)

    override fun admit(user: Long, admitted: Boolean) = engine.admit(id, user, admitted)

    override fun setHeld(held: Boolean) = engine.setHeld(id, held)

    override fun dismiss() = engine.dismiss(id)

    override suspend fun stats(): CallStats = engine.stats(id)

    override suspend fun report(): String = engine.report(id)
}
