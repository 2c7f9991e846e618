//! Draws known pictures on a test's X server.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, Cursor,
    EventMask, Gcontext, PropMode, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A client of the test's own. Every call returns after the server has done it.
pub(crate) struct Painter {
    pub(crate) conn: RustConnection,
    pub(crate) root: Window,
    gc: Gcontext,
}

impl Painter {
    pub(crate) fn connect(display: &str) -> Self {
        let (conn, screen) = RustConnection::connect(Some(display)).unwrap();
        let root = conn.setup().roots[screen].root;
        let gc = conn.generate_id().unwrap();
        conn.create_gc(gc, root, &CreateGCAux::new().graphics_exposures(0)).unwrap().check().unwrap();
        Self { conn, root, gc }
    }

    /// Waits until the server has done everything asked so far.
    pub(crate) fn sync(&self) {
        self.conn.get_input_focus().unwrap().reply().unwrap();
    }

    /// Fills a rectangle of a window with a colour (0xRRGGBB).
    pub(crate) fn fill(&self, window: Window, (x, y): (i16, i16), (width, height): (u16, u16), rgb: u32) {
        let colour = x11rb::protocol::xproto::ChangeGCAux::new().foreground(rgb);
        self.conn.change_gc(self.gc, &colour).unwrap();
        self.conn.poly_fill_rectangle(window, self.gc, &[Rectangle { x, y, width, height }]).unwrap().check().unwrap();
    }

    /// A mapped window filled with one colour. Its background is that colour too, so it repaints itself.
    pub(crate) fn window(&self, at: (i16, i16), size: (u16, u16), border: u16, rgb: u32, title: &str) -> Window {
        let window = self.conn.generate_id().unwrap();
        let look =
            CreateWindowAux::new().background_pixel(rgb).border_pixel(0x00ff_00ff).event_mask(EventMask::EXPOSURE);
        let class = WindowClass::INPUT_OUTPUT;
        self.conn
            .create_window(24, window, self.root, at.0, at.1, size.0, size.1, border, class, 0, &look)
            .unwrap()
            .check()
            .unwrap();
        let name = self.conn.intern_atom(false, b"_NET_WM_NAME").unwrap().reply().unwrap().atom;
        let utf8 = self.conn.intern_atom(false, b"UTF8_STRING").unwrap().reply().unwrap().atom;
        self.conn.change_property8(PropMode::REPLACE, window, name, utf8, title.as_bytes()).unwrap();
        let class = b"painter\0Painter\0";
        self.conn.change_property8(PropMode::REPLACE, window, AtomEnum::WM_CLASS, AtomEnum::STRING, class).unwrap();
        self.conn.map_window(window).unwrap().check().unwrap();
        self.sync();
        window
    }

    pub(crate) fn resize(&self, window: Window, (width, height): (u32, u32)) {
        let size = ConfigureWindowAux::new().width(width).height(height);
        self.conn.configure_window(window, &size).unwrap().check().unwrap();
    }

    pub(crate) fn move_to(&self, window: Window, (x, y): (i32, i32)) {
        self.conn.configure_window(window, &ConfigureWindowAux::new().x(x).y(y)).unwrap().check().unwrap();
    }

    pub(crate) fn raise(&self, window: Window) {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.conn.configure_window(window, &above).unwrap().check().unwrap();
    }

    pub(crate) fn unmap(&self, window: Window) {
        self.conn.unmap_window(window).unwrap().check().unwrap();
    }

    pub(crate) fn map(&self, window: Window) {
        self.conn.map_window(window).unwrap().check().unwrap();
    }

    pub(crate) fn destroy(&self, window: Window) {
        self.conn.destroy_window(window).unwrap().check().unwrap();
    }

    /// Gives the window a pointer that is a solid square of a colour (0xRRGGBB), its hot spot at its top left.
    pub(crate) fn square_pointer(&self, window: Window, side: u16, rgb: u32) -> Cursor {
        let (bits, cursor) = (self.conn.generate_id().unwrap(), self.conn.generate_id().unwrap());
        let gc = self.conn.generate_id().unwrap();
        self.conn.create_pixmap(1, bits, self.root, side, side).unwrap().check().unwrap();
        self.conn.create_gc(gc, bits, &CreateGCAux::new().foreground(1)).unwrap().check().unwrap();
        let all = Rectangle { x: 0, y: 0, width: side, height: side };
        self.conn.poly_fill_rectangle(bits, gc, &[all]).unwrap();
        let part = |shift: u32| u16::try_from((rgb >> shift & 0xff) * 0x101).unwrap();
        let (red, green, blue) = (part(16), part(8), part(0));
        self.conn.create_cursor(cursor, bits, bits, red, green, blue, red, green, blue, 0, 0).unwrap().check().unwrap();
        let look = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().cursor(cursor);
        self.conn.change_window_attributes(window, &look).unwrap().check().unwrap();
        self.sync();
        cursor
    }

    pub(crate) fn point_at(&self, x: i16, y: i16) {
        self.conn.warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y).unwrap().check().unwrap();
    }

    /// The window of this title among those that lie on the screen itself, as all do without a window manager.
    pub(crate) fn find(&self, title: &str) -> Option<Window> {
        let name = self.conn.intern_atom(false, b"_NET_WM_NAME").unwrap().reply().unwrap().atom;
        let windows = self.conn.query_tree(self.root).unwrap().reply().unwrap().children;
        let titled = |window: &Window| {
            let asked = self.conn.get_property(false, *window, name, AtomEnum::ANY, 0, 1024).unwrap();
            // A window may go while it is asked.
            asked.reply().is_ok_and(|property| property.value == title.as_bytes())
        };
        windows.into_iter().find(titled)
    }

    /// Asks a window to close, as a window manager does.
    pub(crate) fn ask_to_close(&self, window: Window) {
        let atom = |name: &[u8]| self.conn.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let data = [atom(b"WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom(b"WM_PROTOCOLS"), data);
        self.conn.send_event(false, window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
    }
}
