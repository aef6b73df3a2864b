import { invalidField } from '@strongroom/errors/common-errors';
import type { Authored } from './authored.ts';

export const OPERATING_SYSTEMS = ['LINUX', 'WINDOWS'] as const;
export type OperatingSystem = (typeof OPERATING_SYSTEMS)[number];

export interface TemplateSettings {
  readonly name: string;
  readonly operatingSystem: OperatingSystem;
  readonly script: string;
}

export type ScriptTemplate = TemplateSettings & Authored;

/** In bytes of UTF-8. */
export const MAX_SCRIPT_BYTES = 65_536;

/**
 * All that a script can be told (docs/adr/0010-script-placeholders.md). The password is not among it: a script
 * reads that from standard input, so that it is on no command line.
 */
export const PLACEHOLDERS = ['username', 'hostname', 'address'] as const;
export type PlaceholderValues = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** What compiling puts in, for people to look at. */
export const SAMPLE_VALUES: PlaceholderValues = {
  username: 'sample-user',
  hostname: 'host.example.com',
  address: '192.0.2.10',
};

export function toOperatingSystem(text: string): OperatingSystem {
  const found = OPERATING_SYSTEMS.find(system => system === text.toUpperCase());
  if (found === undefined) {
    throw invalidField(
      'operating_system',
      `operating_system must be one of ${OPERATING_SYSTEMS.join(', ')}`,
      'VALUE_INCORRECT_FORMAT',
    );
  }
  return found;
}

/** `{{`, with the name and `}}` that should follow. A lone `}}` is plain text: shells write it themselves. */
const PLACEHOLDER = /\{\{(?:([^{}\r\n]*)\}\})?/g;

/**
 * The script with each placeholder replaced by its value as one quoted word of the script's language. One pass:
 * what a value holds is not looked at again.
 */
export function compileScript(system: OperatingSystem, script: string, values: PlaceholderValues): string {
  if (script === '') throw invalidField('script', 'script is required', 'REQUIRED_VALUE_MISSING');
  if (Buffer.byteLength(script) > MAX_SCRIPT_BYTES) {
    throw invalidField('script', `script must have at most ${MAX_SCRIPT_BYTES} bytes`, 'VALUE_OUT_OF_BOUNDS');
  }
  const { quote, isPlainPlace } = LANGUAGES[system];
  let checkedTo = 0;
  return script.replace(PLACEHOLDER, (match, name: string | undefined, offset: number) => {
    if (name === undefined) throw malformed('script has {{ without }} on the same line');
    const known = PLACEHOLDERS.find(placeholder => placeholder === name);
    if (known === undefined)
      throw malformed(`script may hold the placeholders ${PLACEHOLDERS.join(', ')} only`);
    // At the end of the placeholder before nothing was open, so that each part of the script is looked at once.
    const between = script.slice(checkedTo, offset);
    if (!isPlainPlace(between.slice(between.lastIndexOf('\n') + 1))) {
      throw malformed('script has a placeholder inside quotes or behind an escape; it brings its own quotes');
    }
    checkedTo = offset + match.length;
    return quote(values[known]);
  });
}

const malformed = (message: string) => invalidField('script', message, 'VALUE_INCORRECT_FORMAT');

/** POSIX shell (2.2.2): nothing is special between single quotes but the closing one. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** PowerShell takes the typographic quotes for `'` as well; each is doubled. */
export const quoteForPowerShell = (text: string): string => `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;

interface Language {
  quote: (text: string) => string;
  /**
   * Whether a quoted word may follow this part of a line. Within quotes of the author's own, or behind an
   * escape, the quotes that a value brings would lose their effect, and a hostile name could break out.
   */
  isPlainPlace: (line: string) => boolean;
}

/** Takes away what is escaped or quoted as a whole, and looks for what is left open. */
const nothingOpen = (whole: RegExp, open: RegExp) => (line: string) => !open.test(line.replace(whole, ''));

const LANGUAGES: Record<OperatingSystem, Language> = {
  LINUX: {
    quote: quoteForShell,
    // `$'…'` is a quote of its own in bash, with escapes in it.
    isPlainPlace: nothingOpen(/\\.|'[^']*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`/gu, /['"`]|[\\$]$/u),
  },
  WINDOWS: {
    quote: quoteForPowerShell,
    // `@'` begins a here-string; typographic quotes count as plain ones.
    isPlainPlace: nothingOpen(
      /`.|['\u2018-\u201b][^'\u2018-\u201b]*['\u2018-\u201b]|["\u201c-\u201e](?:`.|[^"\u201c-\u201e`])*["\u201c-\u201e]/gu,
      /['\u2018-\u201b"\u201c-\u201e]|[`@$]$/u,
    ),
  },
};
