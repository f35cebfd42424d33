import ArgumentParser
import PushSimulator

@main
struct PushSimulatorCommand: ParsableCommand {
    func run() throws {}
}
