package android.net.wifi

/**
 * Robolectric 4.17's stand-in for WifiManager names this class of a newer Android, and without it no test on Android 14
 * can so much as load WifiManager. Nothing uses it. A later Robolectric may make it needless: delete it and see.
 */
@Suppress("unused")
class BlockingOption
