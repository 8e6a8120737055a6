/** As much of a definition in the Amazon States Language as the game reads. */
interface Sequence {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Branches?: readonly Sequence[];
  readonly Parameters?: { readonly MessageBody: { readonly step: string } };
}

/**
 * Plays a state machine of Tasks and Parallels by the rules of the language, one answer at a time. It knows nothing of
 * needs: who plays says what is answered.
 */
export class TokenGame {
  /** Steps in the order in which they were reached. */
  readonly reached: string[] = [];
  isOver = false;
  readonly #waiting = new Map<string, () => void>();

  constructor(definition: string) {
    this.#play(JSON.parse(definition) as Sequence, () => {
      this.isOver = true;
    });
  }

  /** Whether a step was reached and is not answered. */
  waitsFor(step: string): boolean {
    return this.#waiting.has(step);
  }

  answer(step: string): void {
    const goOn = this.#waiting.get(step);
    if (goOn === undefined) throw new Error(`Step ${step} is not waiting`);
    this.#waiting.delete(step);
    goOn();
  }

  #play(sequence: Sequence, onEnd: () => void): void {
    this.#enter(sequence, sequence.StartAt, onEnd);
  }

  #enter(sequence: Sequence, name: string, onEnd: () => void): void {
    const state = sequence.States[name];
    if (state === undefined) throw new Error(`There is no state ${name}`);
    const leave = () => {
      if (state.Next !== undefined) this.#enter(sequence, state.Next, onEnd);
      else if (state.End === true) onEnd();
      else throw new Error(`State ${name} has neither Next nor End`);
    };
    if (state.Type === "Parallel") {
      const branches = state.Branches ?? [];
      let open = branches.length;
      for (const branch of branches) {
        this.#play(branch, () => {
          open -= 1;
          if (open === 0) leave();
        });
      }
      return;
    }
    const step = state.Parameters?.MessageBody.step;
    if (state.Type !== "Task" || step === undefined) throw new Error(`State ${name} is no step`);
    if (this.#waiting.has(step)) throw new Error(`Step ${step} was reached while it waits`);
    this.reached.push(step);
    this.#waiting.set(step, leave);
  }
}
