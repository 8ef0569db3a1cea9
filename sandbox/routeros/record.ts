/** One record of a menu of a played router. All values are texts. */
export type RouterRecord = Record<string, string>
