/** What a list of commands can be taken apart at, outside of quotes. */
const SEPARATORS = new Set([';', '|', '&', '\n']);
/** These begin or end something that holds other commands. */
const COMPOUND = new Set(['(', ')', '`']);
const COMPOUND_WORDS =
  /^(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|select|function|coproc|time|!|\{|\}|\[\[)$/;

/**
 * The simple commands of a line of shell, each with its blanks made single and without comments. Undefined: the line
 * has something in it that is not taken apart here, such as a substitution, a loop or a quote that stays open.
 */
export function simpleCommands(line: string): string[] | undefined {
  const commands: string[] = [];
  let command = '';
  const end = () => {
    if (command.trim() !== '') commands.push(command.trim());
    command = '';
  };
  for (let place = 0; place < line.length; place += 1) {
    const each = line[place] ?? '';
    const next = line[place + 1];
    if (each === "'" || each === '"') {
      const quoted = takeQuoted(line, place, each);
      if (quoted === undefined) return undefined;
      command += quoted;
      place += quoted.length - 1;
    } else if (each === '\\') {
      if (next === undefined) return undefined;
      if (next !== '\n') command += each + next;
      place += 1;
    } else if (COMPOUND.has(each) || isHereDocument(each, next) || isShellQuote(each, next)) return undefined;
    else if (each === '#' && /(?:^| )$/.test(command)) {
      const lineEnd = line.indexOf('\n', place);
      place = (lineEnd === -1 ? line.length : lineEnd) - 1;
    } else if (isRedirection(command, each, next)) command += each;
    else if (SEPARATORS.has(each)) end();
    else if (each === ' ' || each === '\t') command += command.endsWith(' ') || command === '' ? '' : ' ';
    else command += each;
  }
  end();
  const isCompound = commands.some(found => COMPOUND_WORDS.test(found.split(' ', 1)[0] ?? ''));
  return isCompound ? undefined : commands;
}

/** The quoted text with its quotes; a substitution within double quotes is none that is taken apart. */
function takeQuoted(line: string, from: number, quote: string): string | undefined {
  for (let place = from + 1; place < line.length; place += 1) {
    const each = line[place];
    if (each === quote) return line.slice(from, place + 1);
    if (quote === "'") continue;
    if (each === '`' || (each === '$' && line[place + 1] === '(')) return undefined;
    if (each === '\\') place += 1;
  }
  return undefined;
}

const isHereDocument = (each: string, next: string | undefined) => each === '<' && next === '<';

/** `$'…'` and `$"…"` have rules of their own for what is in them. */
const isShellQuote = (each: string, next: string | undefined) =>
  each === '$' && (next === "'" || next === '"');

/** `2>&1`, `&>file` and `>|file` join no commands. */
const isRedirection = (command: string, each: string, next: string | undefined): boolean =>
  (each === '&' && (/[<>]$/.test(command) || next === '>')) || (each === '|' && command.endsWith('>'));
