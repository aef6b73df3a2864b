const SHOWN_CHARACTERS = 1_024;
/** Fewer characters than these of a password may show; as many and more never do. */
const WINDOW = 4;
const BASE64_WINDOW = 5;

export const WITHHELD = '[withheld: it repeats a part of a password]';

/**
 * The end of what a script wrote, for people to read. A script may echo what it was given, whole or in parts,
 * quoted, escaped, encoded or a character to a line: when any few characters of a password are found in any of
 * these forms, nothing is shown. What cannot be recognised is a digest that the script itself made.
 */
export function shownOutput(raw: Buffer, secrets: readonly string[]): string {
  const text = raw
    .toString('utf8')
    .replace(/\u001b\[[0-9;?]*[a-zA-Z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
  if (secrets.some(secret => repeats(text, secret))) return WITHHELD;
  return text.trim().slice(-SHOWN_CHARACTERS);
}

function repeats(text: string, secret: string): boolean {
  const letters = onlyLetters(text);
  const base64 = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  const hex = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  const digits = text.replace(/[^0-9]/g, '');
  const isIn = (form: string) => (part: string) => form.includes(part);
  return (
    [secret, Array.from(secret).reverse().join('')].some(
      each =>
        parts(each, WINDOW).some(isIn(text)) ||
        parts(onlyLetters(each), WINDOW).some(isIn(letters)) ||
        parts(each, WINDOW).some(part => hex.includes(inRadix(part, 16, 2)) || isSpelled(digits, part)),
    ) || base64Forms(secret).some(form => parts(form, BASE64_WINDOW).some(isIn(base64)))
  );
}

/** Escapes, quotes and line breaks between characters do not hide them. */
const onlyLetters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** All runs of so many characters; of a shorter text the whole. */
function parts(text: string, length: number): string[] {
  if (text.length <= length) return text === '' ? [] : [text];
  return Array.from({ length: text.length - length + 1 }, (_, at) => text.slice(at, at + length));
}

const inRadix = (text: string, radix: number, width: number) =>
  [...Buffer.from(text)].map(byte => byte.toString(radix).padStart(width, '0')).join('');

/** As octal or decimal numbers. */
const isSpelled = (digits: string, part: string) =>
  digits.includes(inRadix(part, 8, 3)) || digits.includes(inRadix(part, 10, 1));

/** Base64 of a text depends on how many bytes stood before it; the characters at its ends depend on the others. */
const base64Forms = (text: string) =>
  [0, 1, 2].map(before =>
    Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(Math.ceil((before * 8) / 6), -1),
  );
