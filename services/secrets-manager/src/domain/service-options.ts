const flags = (value: boolean, ...names: string[]) => Object.fromEntries(names.map(name => [name, value]));

/** What an account may do unless it says otherwise, as Terraform's provider has it: all of SSH, else to look only. */
export const DEFAULT_SERVICE_OPTIONS = {
  ssh: flags(true, 'shell', 'file_transfer', 'exec', 'tunnels', 'x11', 'other'),
  rdp: flags(false, 'file_transfer', 'audio', 'clipboard'),
  web: flags(false, 'file_transfer', 'audio', 'clipboard'),
  vnc: flags(false, 'file_transfer', 'clipboard'),
  // Zero: no limit.
  db: { max_bytes_upload: 0, max_bytes_download: 0 },
} as const;
