/// Plays FCM and WNS on this machine.
public enum PushSimulator {}
