package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Snackbar
import androidx.compose.material3.SnackbarHost
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallsException
import com.worldmates.calls.ui.CallsHolder
import com.worldmates.calls.ui.Problem
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings

/** Says in passing what could not be done, whatever screen stands there: [atTop] where buttons stand at the bottom. */
@Composable
internal fun ProblemBar(holder: CallsHolder, atTop: Boolean) {
    val problem by holder.problem.collectAsState()
    val host = remember { SnackbarHostState() }
    val words = strings
    LaunchedEffect(problem) {
        problem?.let { host.showSnackbar(it.words(words)) }
        if (problem != null) holder.problemSeen()
    }
    Box(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing), if (atTop) Alignment.TopCenter else Alignment.BottomCenter) {
        SnackbarHost(host, Modifier.widthIn(max = 560.dp).testTag("problem")) { said ->
            // Material leaves large letters no room above and below.
            Snackbar(Modifier.padding(12.dp), shape = MaterialTheme.shapes.large) {
                Text(said.visuals.message, Modifier.padding(vertical = 8.dp))
            }
        }
    }
}

private fun Problem.words(words: Strings): String = when (this) {
    is Problem.NoRoute -> words.noRoute(route.name.ifBlank { words.route(route.kind) })
    is Problem.NotDone -> when (why) {
        is CallsException.BadName, is CallsException.BadRoom -> words.nobodyThere
        else -> words.notDone
    }
}
