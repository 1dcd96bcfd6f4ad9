package backup

// Elsewhere lets tests ask whose a data folder is without a database.
var Elsewhere = About.elsewhere
