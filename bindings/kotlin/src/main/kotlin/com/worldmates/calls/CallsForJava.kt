package com.worldmates.calls

import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor
import java.util.function.Consumer
import java.util.function.Function
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.future.await
import kotlinx.coroutines.future.future
import kotlinx.coroutines.launch

/**
 * [Calls] for Java: futures in place of functions that wait, listeners in place of flows.
 *
 * Cancelling a future cancels what it waits for. What a future fails with is a [CallsException].
 *
 * @param executor where listeners are called, such as the main executor of an activity
 */
public class CallsForJava(public val calls: Calls, executor: Executor) : AutoCloseable {
    private val scope = CoroutineScope(SupervisorJob() + executor.asCoroutineDispatcher())

    /** [Calls.dial]. */
    public fun dial(user: Long, type: CallType): CompletableFuture<Call> = scope.future { calls.dial(user, type) }

    /** [Calls.dialGroup]. */
    public fun dialGroup(group: Long, type: CallType): CompletableFuture<Call> = scope.future { calls.dialGroup(group, type) }

    /** [Calls.join]. */
    public fun join(room: String, type: CallType): CompletableFuture<Call> = scope.future { calls.join(room, type) }

    /** [Calls.check]. */
    public fun check(language: Language): CompletableFuture<CheckReport> = scope.future { calls.check(language) }

    /** [Call.stats]. */
    public fun stats(call: Call): CompletableFuture<CallStats> = scope.future { call.stats() }

    /** [Call.report]. */
    public fun report(call: Call): CompletableFuture<String> = scope.future { call.report() }

    /** The present snapshot at once, and each new one, until the result is closed. */
    public fun onSnapshots(listener: Consumer<CallsSnapshot>): AutoCloseable = listen(calls.snapshots, listener)

    /** How loud everyone is, until the result is closed. */
    public fun onLevels(listener: Consumer<SoundLevels>): AutoCloseable = listen(calls.levels, listener)

    private fun <T> listen(flow: Flow<T>, listener: Consumer<T>): AutoCloseable {
        val listening = scope.launch { flow.collect(listener::accept) }
        return AutoCloseable { listening.cancel() }
    }

    /** [Calls.close]; listeners hear nothing more, and futures that wait are cancelled. */
    override fun close() {
        scope.cancel()
        calls.close()
    }

    public companion object {
        /** Proofs from a function that is given `fresh`: true if the last one was refused. Null: there is none now. */
        @JvmStatic
        public fun proofs(fetch: Function<Boolean, CompletableFuture<Proof?>>): ProofSource =
            object : ProofSource {
                override suspend fun fetch(fresh: Boolean): Proof? = fetch.apply(fresh).await()
            }
    }
}
