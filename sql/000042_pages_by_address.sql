-- Clients of the knowledge endpoints read a page by its address.
create index confluence_pages_url on confluence_pages using hash (url);
