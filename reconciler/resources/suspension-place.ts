/** The marks of accounts that are suspended, each called what its account is called. */
export const suspensionsFolder = "/etc/plumbline/suspended"
