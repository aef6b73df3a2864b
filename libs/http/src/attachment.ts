/**
 * The value of Content-Disposition by which a browser saves an answer under `fileName` and never shows it (RFC 6266).
 * Clients that know `filename*` get the name itself (RFC 8187); all others one of harmless characters.
 */
export function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\w.\- ]/g, '_');
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
