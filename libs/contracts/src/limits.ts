/** Bytes that a file of a secret may have. vault refuses more; the gateway lets no more through to its files. */
export const MAX_FILE_BYTES = 5 * 2 ** 20;

/** Bytes of what a form in the ways of Secrets Safe says of such a file, without the file itself. */
export const MAX_FILE_METADATA_BYTES = 2 ** 20;

/** Bytes of the whole form. Some clients repeat all of the file in the JSON beside it, where one byte may take six. */
export const MAX_FILE_FORM_BYTES = 7 * MAX_FILE_BYTES + MAX_FILE_METADATA_BYTES + 65_536;

/**
 * Bytes that the body of a request may have that brings one field's value or file in the ways of Secret Server: a file in
 * base64, or the frame around one. As a list of numbers, which takes up to four times that, a file has to be smaller.
 */
export const MAX_FIELD_BODY_BYTES = 8 * 2 ** 20;
