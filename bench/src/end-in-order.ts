import process from 'node:process';

export interface Ending {
  /** Runs at the end, before what was added before it. */
  add: (step: () => Promise<void>) => void;
  end: () => Promise<void>;
}

/** Also after Ctrl-C and SIGTERM: what a tool started goes with it. */
export function endInOrder(last: () => Promise<void>): Ending {
  const steps = [last];
  const end = async () => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().finally(() => process.exit(1)));
  }
  return { add: step => void steps.push(step), end };
}
