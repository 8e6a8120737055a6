import { field, fresh, JOB, JOBS, long, NAMESPACE, REPORT, type Row } from "./row.ts";
import type { Id } from "./ids.ts";

/** A name that is refused. */
function name(id: Id, text: string, says: string): Row {
  const shown = text.length > 40 ? `of ${text.length} characters` : JSON.stringify(text);
  return field(id, `a name ${shown}`, { name: text }, "422 name-invalid", says, ["/name name-invalid"]);
}

const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "x"]));
const retry = (change: object) => ({ retry: change });
const backoff = (change: object) => retry({ backoff: change });
const command = (change: object) => ({ executor: { type: "command", argv: ["true"], ...change } });
const schema = (property: object) => ({ parametersSchema: { properties: { a: property } } });
const parameters = (text: string) => ({ parameters: { a: text } });

const task = (change: object = {}) => ({ ...command({}), ...change });
/** The definition of a workflow that is refused. */
const flow = (steps: object, more: object = {}) => ({ executor: { type: "workflow", steps, ...more } });
const chain = (count: number, needs: (index: number) => readonly string[] = () => []) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, task({ needs: needs(index) })]));
const when = (text: string) => flow({ a: task({ when: text }) });
const AT_STEPS = "/executor/steps";
const ONE_AT_A_TIME = { concurrency: [{ key: "db", scope: "namespace", limit: 1 }] };

/** Definitions of jobs that are well-formed and can't be accepted. */
export const DEFINITIONS: readonly Row[] = [
  name("B44", "", "lower-case letters and digits"),
  name("B44", long(129), "at most 128 characters"),
  name("B44", "a/b", '"a/b"'),
  name("B44", "..", '".."'),
  name("B44", "a\u0000b", '"a\\u0000b"'),
  name("B44", "a\nb", '"a\\nb"'),
  name("B44", "\u202egpj", '"\\u202egpj"'),
  name("B45", "Report", "lower-case letters and digits"),
  name("B45", "caf\u00e9", "lower-case letters and digits"),
  name("B45", "cafe\u0301", "lower-case letters and digits"),
  field("B46", "51 labels", { labels: labels(51) }, "422 too-many-labels", "at most 50 entries; got 51", ["/labels too-many-labels"]),
  field("B46", "a label whose key has 10 KB", { labels: { [long(10_240)]: "x" } }, "422 length-out-of-range", "256 characters"),
  field("B46", "a label whose value has 10 KB", { labels: { team: long(10_240) } }, "422 length-out-of-range", "256 characters; got 10240", ["/labels/team length-out-of-range"]),
  field("B47", "-1 attempts", retry({ maxAttempts: -1 }), "422 number-out-of-range", "a whole number from 1 to 20; got -1", ["/retry/maxAttempts number-out-of-range"]),
  field("B47", "1.5 attempts", retry({ maxAttempts: 1.5 }), "422 number-out-of-range", "a whole number from 1 to 20; got 1.5", ["/retry/maxAttempts number-out-of-range"]),
  field("B47", "attempts as a text", retry({ maxAttempts: "3" }), "422 wrong-type", 'must be a number; got the text "3"', ["/retry/maxAttempts wrong-type"]),
  field("B47", "10,000 attempts", retry({ maxAttempts: 10_000 }), "422 number-out-of-range", "from 1 to 20; got 10000", ["/retry/maxAttempts number-out-of-range"]),
  field("B48", "no time to run", { timeouts: { run: "0s" } }, "422 timeout-invalid", "from 1s to 30d", ["/timeouts/run timeout-invalid"]),
  field("B48", "a year to run", { timeouts: { run: "365d" } }, "422 timeout-invalid", 'from 1s to 30d, such as "90s" or "1h30m"; got "365d"', ["/timeouts/run timeout-invalid"]),
  field("B48", "silence longer than the run", { timeouts: { run: "1m", heartbeat: "1h" } }, "422 timeout-invalid", "above the run time-out", ["/timeouts/heartbeat timeout-invalid"]),
  field("B49", "a backoff that shrinks", backoff({ initial: "1m", max: "1s" }), "422 backoff-invalid", "max 1s is below initial 1m", ["/retry/backoff/max backoff-invalid"]),
  field("B49", "an initial delay beyond the default of max", backoff({ initial: "1h" }), "422 backoff-invalid", "max 5m, the default, is below initial 1h", ["/retry/backoff/initial backoff-invalid"]),
  field("B49", "factor 0", backoff({ factor: 0 }), "422 backoff-invalid", "from 1 to 10; got 0", ["/retry/backoff/factor backoff-invalid"]),
  field("B49", "jitter 5", backoff({ jitter: 5 }), "422 wrong-type", 'must be one of "full", "none"; got 5', ["/retry/backoff/jitter wrong-type"]),
  field("B50", "a limit of 0", { concurrency: [{ limit: 0 }] }, "422 number-out-of-range", "from 1 to 100000; got 0", ["/concurrency/0/limit number-out-of-range"]),
  field("B50", "a limit of -1", { concurrency: [{ limit: -1 }] }, "422 number-out-of-range", "from 1 to 100000; got -1", ["/concurrency/0/limit number-out-of-range"]),
  field("B50", "a limit of 10^9", { concurrency: [{ limit: 1e9 }] }, "422 number-out-of-range", "from 1 to 100000; got 1000000000", ["/concurrency/0/limit number-out-of-range"]),
  field("B51", "priority 999", { priority: 999 }, "422 wrong-type", "must be one of", ["/priority wrong-type"]),
  field("B51", "a priority that there is not", { priority: "hihg" }, "422 value-not-allowed", 'did you mean "high"', ["/priority value-not-allowed"]),
  field("B52", "parameters of 129 KB", { parameters: { a: long(129 * 1_024) } }, "422 payload-too-large", "at most 131072 bytes of JSON; got 132104: pass a reference", ["/parameters payload-too-large"]),
  ["B52", "parameters of a run of 129 KB", `POST ${JOB}/runs`, { body: { parameters: { a: long(129 * 1_024) } } }, "422 payload-too-large", "pass a reference to larger data", ["/parameters payload-too-large"]],
  field("B55", "steps that wait for each other", flow({ a: task({ needs: ["c"] }), b: task({ needs: ["a"] }), c: task({ needs: ["b"] }) }), "422 workflow-cycle", "a → b → c → a", [`${AT_STEPS}/a/needs workflow-cycle`]),
  field("B56", "a need of a step that is not there", flow({ a: task({ needs: ["x"] }) }), "422 workflow-invalid", "there is no such step", [`${AT_STEPS}/a/needs/0 workflow-invalid`]),
  field("B56", "a need of a step twice", flow({ a: task(), b: task({ needs: ["a", "a"] }) }), "422 workflow-invalid", "it does already", [`${AT_STEPS}/b/needs/1 workflow-invalid`]),
  field("B56", "a need of the step itself", flow({ a: task({ needs: ["a"] }) }), "422 workflow-invalid", "it is that step itself", [`${AT_STEPS}/a/needs/0 workflow-invalid`]),
  field("B56", "a need of a step of another phase", flow({ a: task() }, { finally: { steps: { b: task({ needs: ["a"] }) } } }), "422 workflow-invalid", "it is a step of main, not of finally", ["/executor/finally/steps/b/needs/0 workflow-invalid"]),
  field("B56", "a step name in two phases", flow({ a: task() }, { finally: { steps: { a: task() } } }), "422 workflow-invalid", "twice", ["/executor/finally/steps/a workflow-invalid"]),
  field("B56", "a choice of a step that does not need the switch", flow({ a: { switch: { cases: [{ when: "true", choose: ["b"] }] } }, b: task() }), "422 workflow-invalid", 'it does not need "a"', [`${AT_STEPS}/a/switch/cases/0/choose/0 workflow-invalid`]),
  field("B56", "a step that does nothing", flow({ a: {} }), "422 workflow-invalid", "it has none of", [`${AT_STEPS}/a workflow-invalid`]),
  field("B56", "a step that does two things", flow({ a: task({ wait: { for: "1m" } }) }), "422 workflow-invalid", "it has both `executor` and `wait`", [`${AT_STEPS}/a/wait workflow-invalid`]),
  field("B56", "a wait that can be retried", flow({ a: { wait: { for: "1m" }, retry: { maxAttempts: 2 } } }), "422 workflow-invalid", "it does not go with `wait`", [`${AT_STEPS}/a/retry workflow-invalid`]),
  field("B56", "a workflow without steps", flow({}), "422 workflow-invalid", "without steps", [`${AT_STEPS} workflow-invalid`]),
  field("B56", "a step that waits for ever for a key that its workflow holds", { ...flow({ a: task(ONE_AT_A_TIME) }), ...ONE_AT_A_TIME }, "422 workflow-invalid", "the workflow itself holds 1 of it", [`${AT_STEPS}/a/concurrency/0 workflow-invalid`]),
  field("B56", "a workflow that is retried as a whole", { ...flow({ a: task() }), ...retry({ maxAttempts: 2 }) }, "422 workflow-invalid", "its steps can be retried", ["/retry workflow-invalid"]),
  field("B57", "1,001 steps", flow(chain(1_001)), "422 workflow-too-large", "1001 steps, at most 1000 may be", [`${AT_STEPS} workflow-too-large`]),
  field("B57", "10,001 needs", flow(chain(500, (index) => (index < 22 ? [] : Array.from({ length: 22 }, (_, need) => `s${need}`)))), "422 workflow-too-large", "needs, at most 10000 may be", [`${AT_STEPS} workflow-too-large`]),
  field("B58", "a condition on a step that need not have ended", flow({ a: task(), b: task({ when: 'steps.a.status == "failed"' }) }), "422 expression-invalid", 'step "b" does not need step "a"', [`${AT_STEPS}/b/when expression-invalid`]),
  field("B58", "a condition on a step that is not there", when('steps.x.status == "failed"'), "422 expression-invalid", 'there is no step "x"', [`${AT_STEPS}/a/when expression-invalid`]),
  field("B59", "a condition that would make a function", when("constructor.constructor('return process')()"), "422 expression-invalid", "at ", [`${AT_STEPS}/a/when expression-invalid`]),
  field("B59", "a condition that is a program", when("while(true){}"), "422 expression-invalid", "at ", [`${AT_STEPS}/a/when expression-invalid`]),
  field("B59", "a condition that is no bool", when("1 + 1"), "422 expression-invalid", "it gives int, where a bool is needed", [`${AT_STEPS}/a/when expression-invalid`]),
  field("B59", "a condition of 2,001 characters", when(long(2_001)), "422 length-out-of-range", "at most 2000 characters", [`${AT_STEPS}/a/when length-out-of-range`]),
  field("B59", "a parameter with half an expression", flow({ a: task({ parameters: { x: "${{ parameters.y" } }) }), "422 expression-invalid", '"}}" is missing', [`${AT_STEPS}/a/parameters/x expression-invalid`]),
  field("B64", "a map over what is no list", flow({ a: task({ map: { over: '"abc"' } }) }), "422 expression-invalid", "it gives string, where a list is needed", [`${AT_STEPS}/a/map/over expression-invalid`]),
  field("B64", "a map with a share that is none", flow({ a: task({ map: { over: "[1]", tolerate: "101%" } }) }), "422 value-invalid", "a share such as", [`${AT_STEPS}/a/map/tolerate value-invalid`]),
  field("B60", "a pattern with a back-reference", schema({ pattern: "(a)\\1" }), "422 regex-unsafe", "look-around and back-references are not supported", ["/parametersSchema regex-unsafe"]),
  field("B60", "a property pattern that looks ahead", { parametersSchema: { patternProperties: { "(?=a)": {} } } }, "422 regex-unsafe", "look-around and back-references are not supported", ["/parametersSchema regex-unsafe"]),
  field("B61", "a macro of the prototype", parameters("{{parameters.__proto__.x}}"), "422 template-invalid", "__proto__", ["/parameters/a template-invalid"]),
  field("B61", "a macro of the environment", parameters("{{env.AWS_SECRET_ACCESS_KEY}}"), "422 template-invalid", "env", ["/parameters/a template-invalid"]),
  field("B61", "a macro without an end", parameters("{{slot"), "422 template-invalid", "}}", ["/parameters/a template-invalid"]),
  field("B61", "a macro that calls", parameters("{{constructor.constructor('return process')()}}"), "422 template-invalid", "constructor", ["/parameters/a template-invalid"]),
  field("B62", "LD_PRELOAD", command({ environment: { LD_PRELOAD: "/tmp/x.so" } }), "422 env-reserved", "LD_*", ["/executor/environment env-reserved"]),
  field("B62", "NODE_OPTIONS", command({ environment: { NODE_OPTIONS: "--require /tmp/x" } }), "422 env-reserved", "NODE_OPTIONS", ["/executor/environment env-reserved"]),
  field("B62", "a variable of ours", command({ environment: { CARILLON_TOKEN: "x" } }), "422 env-reserved", "CARILLON_*", ["/executor/environment env-reserved"]),
  field("B62", "a variable without a name", command({ environment: { "=x": "y" } }), "422 env-reserved", "letters, digits and '_'", ["/executor/environment/=x env-reserved"]),
  field("B62", "a variable whose value holds NUL", command({ environment: { A: "a\u0000b" } }), "422 env-reserved", "must not contain NUL", ["/executor/environment/A env-reserved"]),
  field("B63", "an image that is a command line", { executor: { type: "container", image: "a;rm -rf", cpu: 256, memoryMb: 512 } }, "422 value-invalid", 'the reference of a container image; got "a;rm -rf"', ["/executor/image value-invalid"]),
  field("B63", "an image where no worker runs any", { executor: { type: "container", image: "localhost/evil", cpu: 256, memoryMb: 512 } }, "422 executor-invalid", "here: the types are", ["/executor/type executor-invalid"]),
  field("B63", "a function where no worker can invoke one", { executor: { type: "lambda", function: "report" } }, "422 executor-invalid", "here: the types are", ["/executor/type executor-invalid"]),
  field("B101", "a script without leave for a shell", { executor: { type: "command", script: "rm -rf /" } }, "422 executor-invalid", "`shell: true`", ["/executor/script executor-invalid"]),
  field("B101", "parameters in a command line that a shell reads", { executor: { type: "command", shell: true, script: "echo {{parameters.a}}" } }, "422 template-invalid", "parameters", ["/executor/script template-invalid"]),
  field("B101", "a command without argv", { executor: { type: "command" } }, "422 executor-invalid", "`argv`", ["/executor/argv executor-invalid"]),
  field("B102", "a module outside of the handlers' folder", { executor: { type: "handler", module: "../../etc/passwd" } }, "422 value-invalid", "without '.' or '..' segments", ["/executor/module value-invalid"]),
  field("B102", "a module at an absolute path", { executor: { type: "handler", module: "/etc/passwd" } }, "422 value-invalid", "must be a relative path", ["/executor/module value-invalid"]),
  ["B101", "a plan with a bad executor", `POST ${NAMESPACE}/plan`, { body: { definitions: [{ ...REPORT, executor: { type: "command" } }] } }, "422 executor-invalid", "`argv`", ["/definitions/0/executor/argv executor-invalid"]],
  ["B65", "a plan with a name twice", `POST ${NAMESPACE}/plan`, { body: { definitions: [REPORT, REPORT] } }, "409 name-taken", '"report"', ["/definitions/1/name name-taken"]],
  ["B13", "a name that is not the path's", `PUT ${JOB}`, { body: { ...REPORT, name: "other" } }, "422 value-not-allowed", 'the name in the path, "report"; got "other"', ["/name value-not-allowed"]],
  ["B46", "a description of 2,001 characters", `POST ${JOBS}`, fresh({ description: long(2_001) }), "422 length-out-of-range", "at most 2000 characters; got 2001", ["/description length-out-of-range"]],
]; // prettier-ignore
