// Package demotext brings the text of the demo: real Japanese and English prose and source code under free licences,
// fetched by the package clients of the machine when the demo first starts. Nothing of it lies in the repository.
//
// Where apt-get and dpkg-deb exist it downloads Debian's manuals in both languages, without installing anything and
// without root; elsewhere it takes what npm has, which is less. Code is the standard library of the installed Go. Markup,
// menus and tables are stripped, so that paragraphs of running text are left, one .txt file a page.
//
// The package knows nothing of sources, runs or the database: it fills a folder that package corpus then reads. Start
// with [Fetch].
package demotext
