package android.bluetooth

/** As `android.net.wifi.BlockingOption` beside it: Robolectric 4.17 names it, Android 14 does not have it. */
@Suppress("unused", "ClassName")
class `BluetoothDevice$BluetoothAddress`
