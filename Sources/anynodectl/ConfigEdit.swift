internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

extension Config {
    /// Get, edit, validate, apply, until it is right or given up.
    struct Edit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens the configuration in your editor, checks it and applies it.",
            discussion: """
                The editor is $VISUAL, else $EDITOR, else vi. What is wrong is shown, and you may edit again. Nobody's
                change is overwritten: it is applied only to the revision that you have seen.

                Example:
                  EDITOR=nano anynodectl config edit --persist
                """
        )

        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func run() throws {
            let got = try self.ask(AdminRequest("config.get"))
            let original = got["document"] ?? .null
            var revision = got["revision"]
            let file = try EditedFile(text: original.indentedText.shownJSON)
            do {
                while true {
                    try file.edit(with: EditedFile.editor(Environment["VISUAL"], Environment["EDITOR"]))
                    let outcome = try self.attempt(file, original: original, revision: revision)
                    switch outcome {
                    case .applied(let result):
                        file.remove()
                        return self.show(result)
                    case .unchanged:
                        file.remove()
                        return Screen.remark("nothing was edited, nothing is changed")
                    case .wrong(let lines):
                        lines.forEach(Screen.remark)
                    case .overtaken(let current):
                        revision = current
                        Screen.remark(Self.explanation(current))
                    }
                    guard Prompt.isYes("Edit again? [y/n] ") else {
                        file.remove()
                        throw LocalFailure(message: "given up, nothing is changed", status: ExitStatus.refused)
                    }
                }
            } catch let failure as LocatedFailure {
                // Work that the server could not even look at is not thrown away.
                Screen.remark("your text is kept in \(file.path)")
                throw failure
            } catch {
                file.remove()
                throw error
            }
        }

        /// How one round of editing ended.
        private enum Outcome {
            case applied(JSONValue)
            case unchanged
            /// What is wrong, one problem a line.
            case wrong([String])
            /// Somebody else's change came first; the revision of now.
            case overtaken(JSONValue?)
        }

        private func attempt(_ file: EditedFile, original: JSONValue, revision: JSONValue?) throws -> Outcome {
            let document: JSONValue
            do throws(LocalFailure) {
                document = try JSONInput.parse(try file.bytes(), name: "your text")
            } catch {
                return .wrong([error.message])
            }
            guard document != original else { return .unchanged }
            let verdict = try self.ask(AdminRequest("config.validate", params: ["document": document]))
            guard verdict["valid"]?.bool ?? false else {
                return .wrong(["the configuration is invalid:"] + ChangeReport.problems(verdict))
            }
            do throws(LocatedFailure) {
                return .applied(try self.ask(self.application(of: document, to: revision)))
            } catch {
                guard case .refused(let refusal) = error.failure else { throw error }
                if refusal.code == Refusal.Code.conflict { return .overtaken(refusal.revision) }
                return .wrong(error.failure.report(error.location))
            }
        }

        func application(of document: JSONValue, to revision: JSONValue?) -> AdminRequest {
            AdminRequest(
                "config.apply",
                params: ["document": document, "revision": revision, "persist": self.persist.orAbsent]
            )
        }

        /// The server may have been restarted while somebody thought: each question connects anew.
        private func ask(_ request: AdminRequest) throws(LocatedFailure) -> JSONValue {
            var session = try Session(self.options)
            return try session.ask(request)
        }

        private func show(_ result: JSONValue) {
            let screen = Screen.current
            guard !self.options.json else { return Screen.write(screen.json(result), to: 1) }
            Screen.say(ChangeReport.lines(result))
        }

        static func explanation(_ revision: JSONValue?) -> String {
            let now = revision.map { " (revision \($0.words.shown) now)" } ?? ""
            return """
                the configuration was changed by somebody else while you edited\(now): nothing was applied.
                Look at theirs with "anynodectl config get". If you go on, your text is applied as a whole, in place of \
                theirs.
                """
        }
    }
}
