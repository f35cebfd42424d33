// Reads the JSON Schema of the configuration: which settings a kind of plugin has, and which field suits a setting.

/** The schema of `settings` for plugins of that kind, or undefined. */
export function settingsSchema(schema, kind) {
    const items = schema?.properties?.plugins?.items;
    const branch = items?.allOf?.find((branch) => branch.if?.properties?.kind?.const === kind);
    const settings = branch?.then?.properties?.settings;
    return settings?.properties ? settings : undefined;
}

/** `choice`, `flag`, `number`, `text`, `secret`, `texts` (one a line), `group` (nested), or `json` for all else. */
export function fieldKind(schema, value) {
    if (schema.enum) return 'choice';
    if (schema.anyOf) {
        const isSecret = schema.anyOf.some((one) => one.properties?.$env || one.properties?.$file) && schema.anyOf.some((one) => one.type === 'string');
        return isSecret && (value === undefined || typeof value === 'string') ? 'secret' : 'json';
    }
    switch (schema.type) {
        case 'boolean': return 'flag';
        case 'integer': case 'number': return 'number';
        case 'string': return 'text';
        case 'array': return schema.items?.type === 'string' && (value === undefined || Array.isArray(value)) ? 'texts' : 'json';
        case 'object': return schema.properties && (value === undefined || isObject(value)) ? 'group' : 'json';
        default: return 'json';
    }
}

export const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** How a pointer writes a member's name (RFC 6901). */
export const escapedToken = (name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1');
