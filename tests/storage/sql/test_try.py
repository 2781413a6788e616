def test_x(served, make_parcel, opened):
    from callflow.storage import database_engine as d
    c = opened(served.url)
    old=d.words_for_database
    def w(error,url):
        print(repr(error), error.orig.args, d._code_of(error.orig), url.get_backend_name(), list(d._causes(error.orig)))
        return old(error,url)
    import callflow.storage.database as m
    m.words_for_database=w
    print(c.save_metadata(make_parcel()))
    m.words_for_database=old
