/** A record of a played router's menu. All values are texts. */
export type RouterRecord = Record<string, string>
