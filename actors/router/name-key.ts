/** What two names have in common that people take for the same: case and blanks do not tell routers apart. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
}
