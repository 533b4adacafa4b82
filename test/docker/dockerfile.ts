// A Dockerfile as its stages and instructions, as far as the rules look at it.

export interface Instruction {
  readonly line: number;
  /** In capitals. */
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  readonly alias: string | undefined;
  readonly line: number;
  readonly instructions: readonly Instruction[];
}

/** Throws for a line that is no instruction, and for instructions before the first stage. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { image: string; alias: string | undefined; line: number; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsIn(text)) {
    if (instruction.name === 'FROM') {
      const [image = '', , alias] = instruction.text.split(/\s+/);
      stages.push({ image, alias, line: instruction.line, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`line ${instruction.line} stands before the first stage`);
    stage.instructions.push(instruction);
  }
  return stages;
}

function* instructionsIn(text: string): Iterable<Instruction> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    let whole = lines[at]?.trim() ?? '';
    if (whole === '' || whole.startsWith('#')) continue;
    while (whole.endsWith('\\')) {
      at += 1;
      whole = `${whole.slice(0, -1).trim()} ${lines[at]?.trim() ?? ''}`;
    }
    const [, name, rest] = /^([A-Za-z]+)\s+(.*)$/.exec(whole) ?? [];
    if (name === undefined || rest === undefined) throw new Error(`line ${line} is no instruction`);
    yield { line, name: name.toUpperCase(), text: rest };
  }
}
