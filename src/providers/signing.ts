/** The name under which the service that hosts models takes signatures; it is not the one in its address. */
export const SIGNED_SERVICE = 'bedrock';
